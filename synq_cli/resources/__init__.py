"""The HTTP API as Python: no printing, no prompting."""
