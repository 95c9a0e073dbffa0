"""One module or package for each group of commands: its columns, then a short function for each command."""
