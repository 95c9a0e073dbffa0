"""Stock, its ledger, reservations and locations."""
