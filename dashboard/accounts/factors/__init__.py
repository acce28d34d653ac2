"""Second factors: what somebody has beside a password, and how it is checked."""
