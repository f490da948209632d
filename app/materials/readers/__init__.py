"""Reads a file of a teacher into pages of text. Runs in a child process: see `sandbox`.

Nothing here imports the rest of the house, so that the child starts fast and small.
"""
