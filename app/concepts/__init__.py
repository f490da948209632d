"""Concepts of a course."""
