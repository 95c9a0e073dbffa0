"""Many rows, one run: read, planned, sent at the limit's pace, journaled, resumed, reported."""
