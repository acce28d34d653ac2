"""What Stripe has of this installation, beside what the ledger knows: gaps and their repairs."""
