"""What a link in the course stands for: placing it by deep linking, and where it leads."""
