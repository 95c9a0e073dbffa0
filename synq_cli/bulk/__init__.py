"""Many rows, one run: read, planned, sent at the limit's pace, journaled, resumed, reported."""

# The end of a journal's file name.
SUFFIX = ".sqlite3"
