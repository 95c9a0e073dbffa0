"""The HTTP API as Python: one typed method an endpoint, no printing, no prompting."""
