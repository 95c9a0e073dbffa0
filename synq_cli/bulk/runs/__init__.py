"""The journal of each run."""
