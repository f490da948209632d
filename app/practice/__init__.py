"""Question bank, answering, grading."""
