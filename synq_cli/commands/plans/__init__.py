"""A tenant as files, and plans: changes that are read, approved and applied once."""
