"""Tokens: stored, read and renewed."""
