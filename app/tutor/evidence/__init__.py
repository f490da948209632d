"""The evidence card: what the materials themselves say to a question. Pure, without any model."""
