"""Outgoing events: what happened here, told to the systems of the company.

By the Standard Webhooks convention. See docs/events.md, and docs/decisions/outgoing-events.md.
"""
