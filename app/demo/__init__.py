"""The demo: its LMS made known, and a sample course to try everything with. Never in production."""
