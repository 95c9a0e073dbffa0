"""The team store: what the machines of a team share, in a PostgreSQL database."""
