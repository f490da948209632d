"""What a link in the course stands for."""
