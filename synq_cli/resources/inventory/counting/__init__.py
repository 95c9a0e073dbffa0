"""Counts of stock: what was scanned, and what the books said at that time."""
