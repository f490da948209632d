"""A learner's work on an activity, as the LMS's gradebook opens it: answers, score, its state."""
