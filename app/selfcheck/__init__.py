"""The connection check: which parts of the way between the LMS and CourseLLM work, in words."""
