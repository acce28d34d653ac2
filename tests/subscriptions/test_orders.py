"""In whatever order things happen around a renewal, each cent is billed once."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest

from dashboard.audit.actor import SYSTEM
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.organizations.subscription import unlink_subscription
from dashboard.transaction import transaction
from tests.support.subscriptions import Subscribed, subscribe, use
from tests.support.syncing import Syncer

MINUTES = timedelta(minutes=1)
# With so many examples a law tries every order.
MANY = 200
Happening = Callable[[Subscribed], None]


def boundary(world: Subscribed) -> None:
    """Roll what is over, and seal what had its grace."""
    world.roll_and_seal()


def hears(world: Subscribed) -> None:
    """Hear whatever was not heard yet, the renewal's invoice among it."""
    world.hear()


def our_clock(world: Subscribed) -> None:
    """Look for renewals, then sync and finalize what is due."""
    world.look()
    world.finish()


def stripes_clock(world: Subscribed) -> None:
    """Let Stripe issue by itself what it may."""
    world.advance(world.now + 70 * MINUTES)


def cancel(world: Subscribed) -> None:
    """End the subscription at once."""
    status = world.stripe("GET", f"subscriptions/{world.subscription}")["status"]
    if status != "canceled":
        world.stripe("DELETE", f"subscriptions/{world.subscription}")


def unlink(world: Subscribed) -> None:
    """Unlink it here."""
    with transaction():
        unlink_subscription(world.organization, reason="x", actor=SYSTEM, now=world.now)


def pause_collection(world: Subscribed) -> None:
    """Pause the collection of its invoices at Stripe."""
    status = world.stripe("GET", f"subscriptions/{world.subscription}")["status"]
    if status != "canceled":
        path = f"subscriptions/{world.subscription}"
        world.stripe("POST", path, **{"pause_collection[behavior]": "keep_as_draft"})


LIVES: dict[str, tuple[Happening, ...]] = {
    "plain": (boundary, hears, our_clock, stripes_clock),
    "canceled": (boundary, hears, our_clock, stripes_clock, cancel),
    "unlinked": (boundary, hears, our_clock, stripes_clock, unlink),
    "paused": (boundary, hears, our_clock, stripes_clock, pause_collection),
}


def orders_of(happenings: tuple[Happening, ...]) -> list[tuple[Happening, ...]]:
    """Return orders in which each happening comes at each place; all of them with the laws."""
    if int(os.environ.get("LAW_EXAMPLES", "0")) >= MANY:
        return list(permutations(happenings))
    turned = [happenings[place:] + happenings[:place] for place in range(len(happenings))]
    # Every other one backwards, so that no two always come in the same turn.
    return [one[::-1] if place % 2 else one for place, one in enumerate(turned)]


ORDERS = [
    pytest.param(order, id=f"{life}-{number}")
    for life, happenings in LIVES.items()
    for number, order in enumerate(orders_of(happenings))
]


def live_to_the_end(world: Subscribed, bill: Invoice) -> None:
    """Let hours go by until all is billed, and the next cycle too where something was carried."""
    for _ in range(2):
        for _ in range(6):
            world.hear()
            world.tick()
            world.advance(world.now + 45 * MINUTES)
            if is_over(world, bill):
                return
        world.advance(max(world.draft().period_end, world.now) + MINUTES)


def is_over(world: Subscribed, bill: Invoice) -> bool:
    """Whether the bill has left, and no other asks for anything."""
    others = [one.total_cents for one in world.invoices() if one.id != bill.id]
    return bill.status in FINALIZED and not any(others)


def each_invoice_is_somebodys(world: Subscribed) -> None:
    """What bears our mark is a bill's here; what does not goes on as its subscription has it."""
    bills = {str(one.stripe_invoice_id): str(one.id) for one in world.invoices()}
    subscription = world.stripe("GET", f"subscriptions/{world.subscription}")
    goes_on = subscription["status"] == "active" and not subscription["pause_collection"]
    for one in world.stripe("GET", "invoices?limit=100")["data"]:
        if (one["parent"] or {}).get("subscription_details") is None:
            continue
        mark = one["metadata"].get("dashboard_invoice")
        keys = [line.key for line in world.syncer.gateway.lines(one["id"]) if line.key]
        assert mark in (None, bills.get(one["id"])), f"{one['id']} is marked as {mark}"
        assert mark is not None or not keys, f"{one['id']} bears {keys} without a mark"
        if mark is None and one["status"] == "open":
            assert one["auto_advance"], f"{one['id']} is not collected"
        if mark is None and one["status"] == "draft" and goes_on:
            assert one["auto_advance"], f"{one['id']} is not issued"


def sealed_at_once(world: Subscribed) -> None:
    """Let the grace be over before anything is heard, more than an hour late."""
    world.advance(world.now + 61 * MINUTES)
    world.roll_and_seal()


LATE = [
    pytest.param((sealed_at_once, *order), id=f"late-{number}")
    for number, order in enumerate(orders_of((hears, our_clock, pause_collection)))
]


@pytest.mark.parametrize("order", [*ORDERS, *LATE])
def test_each_cent_is_billed_once(db: object, syncer: Syncer, order: tuple[Happening, ...]) -> None:
    world = subscribe(syncer, days_left=1)
    bill = use(world, a=4000, b=250)
    world.advance(bill.period_end + MINUTES)
    for happens in order:
        happens(world)
        each_invoice_is_somebodys(world)
    live_to_the_end(world, bill)
    each_invoice_is_somebodys(world)
    assert sum(world.billed_cents()) == 4250, world.billed()
    assert not [one.parked_reason for one in world.invoices() if one.parked_reason]
    assert syncer.simulator.get("audit")["ok"]
    assert bill.status in ("open", "paid", "uncollectible")
