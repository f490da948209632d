"""Written answers: their numbered sources, what they really cite, and how they are shown."""
