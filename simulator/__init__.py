"""The Stripe simulator: what stands in for Stripe on one machine."""
