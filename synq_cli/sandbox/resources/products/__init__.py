"""The catalogue and its bulk jobs."""
