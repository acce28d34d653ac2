"""In whatever order things happen around a renewal, each cent is billed once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest

from dashboard.audit.actor import SYSTEM
from dashboard.billing.models import Invoice
from dashboard.organizations.subscription import unlink_subscription
from dashboard.transaction import transaction
from tests.support.subscriptions import Subscribed, subscribe, use
from tests.support.syncing import Syncer

MINUTES = timedelta(minutes=1)
SHORT = 4
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
# Of the longer lives every seventh order, so that each happening comes at each place.
ORDERS = [
    pytest.param(order, id=f"{life}-{number}")
    for life, happenings in LIVES.items()
    for number, order in enumerate(permutations(happenings))
    if len(happenings) == SHORT or number % 7 == 0
]


def live_to_the_end(world: Subscribed, bill: Invoice) -> None:
    """Let hours go by, and the next cycle too, so that whatever was carried is billed."""
    for _ in range(2):
        for _ in range(5):
            world.advance(world.now + 45 * MINUTES)
            world.hear()
            world.tick()
        world.advance(max(world.draft().period_end, world.now) + MINUTES)
    for _ in range(5):
        world.hear()
        world.tick()
        world.advance(world.now + 45 * MINUTES)
    world.hear()
    world.tick()


@pytest.mark.parametrize("order", ORDERS)
def test_each_cent_is_billed_once(db: object, syncer: Syncer, order: tuple[Happening, ...]) -> None:
    world = subscribe(syncer, days_left=1)
    bill = use(world, a=4000, b=250)
    world.advance(bill.period_end + MINUTES)
    for happens in order:
        happens(world)
    live_to_the_end(world, bill)
    assert sum(world.billed_cents()) == 4250, world.billed()
    assert not [one.parked_reason for one in world.invoices() if one.parked_reason]
    assert syncer.simulator.get("audit")["ok"]
    assert bill.status in ("open", "paid", "uncollectible")
