"""What people and programs see: data on stdout, messages on stderr."""
