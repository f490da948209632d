"""The parts of search: words and vectors inside one course, fused, looked at again, and judged."""
