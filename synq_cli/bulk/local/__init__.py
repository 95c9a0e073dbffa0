"""The runs of this machine: a SQLite file for each."""
