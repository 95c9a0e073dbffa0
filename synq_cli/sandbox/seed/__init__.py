"""A small believable shop, the same for the same seed."""
