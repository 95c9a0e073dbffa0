"""The kinds of bulk run, a class each."""
