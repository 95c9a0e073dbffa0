"""The team store: a PostgreSQL database that the machines of a team share."""
