"""Course materials: files in, pages out, and the right passage found for a question."""
