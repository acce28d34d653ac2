"""Bills with automatic tax against the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy, set_policy
from dashboard.clock import utc_now
from dashboard.invariants.look import look_at
from dashboard.sync.tax_switch import switch_tax
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.stripe_dashboard import act, read
from tests.support.syncing import Syncer

BERLIN = {"address[country]": "DE", "address[city]": "Berlin"}
# Items that a test puts on a bill by hand are explained by no fact.
BY_HAND = {"adjustments_are_billed", "bills_follow_facts"}


@contextmanager
def taxed_as(product: str = "prod_billing") -> Iterator[None]:
    """Have a product at Stripe that has the tax code, or none."""
    before = current_policy()
    set_policy(replace(before, stripe_tax_product=product))
    try:
        yield
    finally:
        set_policy(before)


def switch(bill: Invoice, *, is_on: bool = True, seen: str | None = None) -> None:
    """Switch the automatic tax of whom the bill is for."""
    with transaction():
        switch_tax(
            bill.organization, is_on=is_on, reason="Asked", actor=SUPPORT, now=utc_now(), seen=seen
        )


def is_in_berlin(bill: Invoice, syncer: Syncer) -> None:
    """Give the customer an address by which it is taxed."""
    act(syncer.simulator.url, f"customers/{bill.organization.stripe_customer_id}", **BERLIN)


def at_stripe(bill: Invoice, syncer: Syncer) -> dict[str, Any]:
    """Return the bill as Stripe has it."""
    return read(syncer.simulator.url, f"invoices/{bill.stripe_invoice_id}")


def broken(bill: Invoice) -> set[str]:
    """Return which invariants the organization breaks."""
    found = look_at([bill.organization_id], now=utc_now())
    return {one.invariant.name for one in found} - BY_HAND
