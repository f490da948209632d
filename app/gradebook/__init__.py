"""Scores to the LMS: which counts, the outbox, receipts."""
