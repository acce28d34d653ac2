"""Stripe's published schema: cut down, and what requests and replies are held against."""
