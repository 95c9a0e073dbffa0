"""What resources share: pages, polling, validation."""
