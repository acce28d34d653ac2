"""Stripe's objects and what may be done with them: a module for each, and its operations."""
