"""Stock, its ledger and reservations."""
