"""Who signs in to the demo."""

from __future__ import annotations

from typing import NamedTuple


class DemoUser(NamedTuple):
    """Who signs in as `label`@example.com; a member of the customer's organizations as `member`."""

    label: str
    name: str
    role: str
    member: str | None = None


USERS = (
    DemoUser("customer", "Demo Customer", "customer", "owner"),
    DemoUser("billing", "Demo Billing Member", "customer", "billing"),
    DemoUser("reader", "Demo Reader", "customer", "reader"),
    DemoUser("support", "Demo Support", "support"),
    DemoUser("admin", "Demo Admin", "admin"),
)


def email_of(label: str) -> str:
    """Return the address a demo user signs in with."""
    return f"{label}@example.com"
