"""Tokens: where they are kept, and how they are renewed."""
