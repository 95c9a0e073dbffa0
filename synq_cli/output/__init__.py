"""What people and programs get to see: data on stdout, talk on stderr."""
