"""The routes of each resource."""
