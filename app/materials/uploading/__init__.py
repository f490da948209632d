"""Files on their way in: resumable uploads, archives unpacked, what the course has already."""
