"""Names and roles from the LMS: who is in a course, whether or not they have come yet."""
