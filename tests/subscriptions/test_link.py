"""Linking an organization to its subscription, and following where that goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.audit.actor import SYSTEM
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.organizations.link import link_subscription
from dashboard.organizations.subscription import unlink_subscription
from dashboard.transaction import transaction
from tests.support.subscriptions import Subscribed, link, priced, subscribe, use
from tests.support.syncing import Syncer

DAY = timedelta(days=1)


@pytest.fixture
def apart(db: object, syncer: Syncer) -> Subscribed:
    """An organization beside its subscription, not linked to it."""
    return subscribe(syncer, linked=False)


def read(world: Subscribed) -> RemoteSubscription:
    return world.syncer.gateway.subscription(world.subscription)


def try_to_link(world: Subscribed, remote: RemoteSubscription, **more: str) -> bool:
    with transaction():
        return link_subscription(
            world.organization, remote, reason="Asked.", actor=SYSTEM, now=world.now, **more
        )


def test_the_current_cycle_is_billed_as_before_and_the_next_waits(apart: Subscribed) -> None:
    bill = use(apart, a=4000)
    link(apart)
    assert bill.billed_with == "alone"
    apart.advance(bill.period_end + timedelta(minutes=1))
    apart.tick()
    apart.hear()
    following = apart.draft()
    assert following.billed_with == "waits"
    assert following.period_end == read(apart).period_end
    apart.advance(bill.period_end + timedelta(hours=3))
    apart.tick()
    assert apart.billed() == {"a": 4000}
    assert bill.theirs_cents == 0


def test_a_current_cycle_that_is_longer_ends_with_the_subscriptions(
    db: object, syncer: Syncer
) -> None:
    world = subscribe(syncer, linked=False)
    sooner = int((world.now + DAY).timestamp())
    customer = str(world.organization.stripe_customer_id)
    made = world.stripe(
        "POST", "subscriptions", customer=customer, billing_cycle_anchor=sooner, **priced(100)
    )
    world.subscription = made["id"]
    link(world)
    assert world.draft().period_end == read(world).period_end


def test_linking_again_changes_nothing(world: Subscribed) -> None:
    assert not try_to_link(world, read(world))


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"customer_id": "cus_other"}, Invalid),
        ({"currency": "eur"}, Invalid),
        ({"interval": "day"}, Invalid),
        ({"periods_differ": True}, Invalid),
        ({"status": "canceled"}, Conflict),
        ({"status": "paused"}, Conflict),
    ],
)
def test_what_cannot_be_followed_is_not_linked(
    apart: Subscribed, facts: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal, match="Nothing was changed"):
        try_to_link(apart, replace(read(apart), **facts))
    assert apart.organization.stripe_subscription_id is None


def test_a_second_subscription_is_not_linked(world: Subscribed) -> None:
    with pytest.raises(Conflict, match="Unlink that first"):
        try_to_link(world, replace(read(world), id="sub_second"))


def test_one_subscription_is_not_linked_twice(world: Subscribed) -> None:
    other = subscribe(world.syncer, linked=False, slug="other")
    with pytest.raises(Conflict, match="another organization"):
        try_to_link(other, read(world))


def test_a_preview_that_is_old_links_nothing(apart: Subscribed) -> None:
    with pytest.raises(Stale):
        try_to_link(apart, read(apart), seen="another")


def test_a_cycle_that_follows_is_not_changed_by_hand(world: Subscribed) -> None:
    with pytest.raises(Conflict, match="follows"), transaction():
        change_cycle(
            world.organization, CycleWanted("week"), reason="x", actor=SYSTEM, now=world.now
        )


def test_unlinked_its_bill_goes_alone(world: Subscribed) -> None:
    bill = use(world, a=4000)
    with transaction():
        assert unlink_subscription(world.organization, reason="Asked.", actor=SYSTEM, now=world.now)
    assert (bill.billed_with, world.organization.stripe_subscription_id) == ("alone", None)
    world.advance(bill.period_end + timedelta(minutes=1))
    world.tick()
    world.hear()
    world.advance(bill.period_end + timedelta(hours=3))
    world.tick()
    assert world.billed() == {"a": 4000}


def test_other_subscriptions_of_the_customer_are_left_alone(world: Subscribed) -> None:
    bill = use(world, a=4000)
    end = int(bill.period_end.timestamp())
    customer = str(world.organization.stripe_customer_id)
    world.stripe(
        "POST", "subscriptions", customer=customer, billing_cycle_anchor=end, **priced(100)
    )
    world.advance(bill.period_end + timedelta(minutes=1))
    world.tick()
    world.hear()
    taken = world.stripe("GET", f"invoices/{bill.stripe_invoice_id}")
    of = taken["parent"]["subscription_details"]["subscription"]
    assert of == world.subscription


def test_an_anchor_that_moves_takes_the_cycle_along(world: Subscribed) -> None:
    bill = use(world, a=4000)
    ended = bill.period_end
    world.syncer.simulator.post(f"subscriptions/{world.subscription}/anchor")
    world.hear()
    # The cycle keeps its end, at which no invoice comes by now.
    assert (bill.period_end, bill.billed_with) == (ended, "alone")
    world.advance(ended + timedelta(minutes=1))
    world.tick()
    following = world.draft()
    assert following.period_end == read(world).period_end
    assert following.billed_with == "waits"


def test_a_cycle_that_ends_in_a_trial_goes_alone(db: object, syncer: Syncer) -> None:
    world = subscribe(syncer, linked=False)
    ends = int((world.now + 45 * DAY).timestamp())
    customer = str(world.organization.stripe_customer_id)
    made = world.stripe("POST", "subscriptions", customer=customer, trial_end=ends, **priced(100))
    world.subscription = made["id"]
    link(world)
    bill = world.draft()
    world.advance(bill.period_end + timedelta(minutes=1))
    world.tick()
    ways = []
    while world.draft().period_end <= read(world).period_end:
        ways.append((world.draft().billed_with, world.draft().period_end))
        world.advance(world.draft().period_end + timedelta(minutes=1))
        world.tick()
        if ways[-1][1].timestamp() == ends:
            break
    assert [way for way, _ in ways[:-1]] == ["alone"] * (len(ways) - 1)
    assert ways[-1][0] == "waits"
