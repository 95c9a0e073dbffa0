"""Orders, their stock and parcels."""
