"""What commands are made of: the context of a run, shared options, the command tree."""
