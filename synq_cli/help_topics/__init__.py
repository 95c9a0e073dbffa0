"""Help topics, each a text file."""
