"""Settings, profiles, tokens, and the session of a run."""
