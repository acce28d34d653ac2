"""Many organizations at once: their rows, a Stripe to count calls at, and the real processes."""
