"""What there is to know beyond single commands, a text file a topic."""
