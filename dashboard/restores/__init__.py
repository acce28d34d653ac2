"""A ledger that is older than what Stripe was told: noticed, held, read back, and released."""
