"""Every prompt of the house: one file each, with a version that usage records name."""
