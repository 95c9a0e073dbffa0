"""The runs of a team: their journals are in its PostgreSQL database."""
