"""Scores to the LMS: which counts, the outbox, delivery, receipts."""
