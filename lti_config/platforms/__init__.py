"""Quirks, one file per LMS, each with its reason; nowhere else."""
