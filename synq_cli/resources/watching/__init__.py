"""Lists that are watched: what is added to them, changes in them, and leaves them."""
