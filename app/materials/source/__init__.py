"""One page of a material for a reader: its text as safe HTML, quotations marked."""
