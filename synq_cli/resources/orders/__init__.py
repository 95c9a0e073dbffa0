"""Orders: their rules, life and parcels."""
