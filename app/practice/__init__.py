"""The question bank of a course, and students answering from it."""
