"""Concepts of a course: what there is to know in it."""
