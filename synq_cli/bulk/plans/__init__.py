"""Plans as documents: written, read, compared with what is there now, applied once."""
