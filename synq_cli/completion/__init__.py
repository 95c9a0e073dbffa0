"""Shell completion: scripts, their installation, and values from the local cache."""
