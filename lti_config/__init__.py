"""Everything that knows LTI's wire."""
