"""The tenant in a file."""
