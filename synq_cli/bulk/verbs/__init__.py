"""The kinds of bulk run."""
