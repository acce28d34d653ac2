"""Stripe acts between our look and our call: what was billed is billed once, and goes on there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dashboard.billing.models import Invoice
from dashboard.billing.subscription import take_theirs
from dashboard.organizations.subscription import follow
from dashboard.transaction import transaction
from dashboard.webhooks.renewals import due_to_look
from tests.support.subscriptions import FEE, Subscribed, use

MINUTES = timedelta(minutes=1)
SOON = timedelta(seconds=20)
DAY = timedelta(days=1)


def untold(world: Subscribed, *, sealed: bool = False) -> Invoice:
    """A bill that is to take the renewal's draft, of which Stripe was not told yet."""
    bill = use(world, a=4000)
    world.advance(bill.period_end + SOON)
    world.roll_and_seal()
    if sealed:
        with transaction():
            bill.status = "sealed"
    with transaction():
        [draft] = [one for one in renewals(world) if one.status == "draft"]
        take_theirs(bill, draft, now=world.now)
    return bill


def renewals(world: Subscribed) -> list[Any]:
    found = world.syncer.gateway.invoices_of_subscription(world.subscription)
    return [one for one in found if one.billing_reason == "subscription_cycle"]


def theirs(world: Subscribed) -> Any:
    """The newest renewal's invoice, as Stripe has it."""
    return world.stripe("GET", f"invoices/{renewals(world)[0].id}")


def issue(world: Subscribed) -> None:
    world.stripe("POST", f"invoices/{renewals(world)[0].id}/finalize", auto_advance="true")


def before(world: Subscribed, monkeypatch: pytest.MonkeyPatch, name: str, happens: Any) -> None:
    """Let something happen at Stripe right before the first call of that name."""
    send = getattr(world.syncer.gateway, name)
    left = [happens]

    def late(*given: Any, **more: Any) -> Any:
        if left:
            left.pop()(world)
        return send(*given, **more)

    monkeypatch.setattr(world.syncer.gateway, name, late)


def live_on(world: Subscribed) -> None:
    for _ in range(6):
        world.hear()
        world.tick()
        world.advance(world.now + 45 * MINUTES)


@pytest.mark.parametrize("sealed", [False, True])
def test_one_that_is_issued_before_the_claim_is_left_as_it_is(
    world: Subscribed, sealed: bool
) -> None:
    bill = untold(world, sealed=sealed)
    issue(world)
    world.tick()
    assert bill.billed_with == "alone"
    live_on(world)
    found = theirs(world)
    assert (found["status"], found["amount_due"], found["metadata"]) == ("open", FEE, {})
    assert found["auto_advance"]
    assert (bill.status, bill.amount_due_cents) == ("open", 4000)
    assert world.billed() == {"a": 4000}


@pytest.mark.parametrize("sealed", [False, True])
def test_one_that_is_issued_under_the_claim_is_collected_again(
    world: Subscribed, monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    bill = untold(world, sealed=sealed)
    before(world, monkeypatch, "claim", issue)
    world.syncer.sync(bill, "final" if sealed else "event", verify=True)
    found = theirs(world)
    assert found["auto_advance"]
    assert "dashboard_invoice" not in found["metadata"]
    assert bill.billed_with == "alone"
    live_on(world)
    assert (bill.status, bill.amount_due_cents, bill.parked_reason) == ("open", 4000, None)
    assert world.billed() == {"a": 4000}


def test_of_one_that_is_issued_under_the_claim_its_event_bills_nothing(
    world: Subscribed,
) -> None:
    """Its total may even be the bill's own."""
    bill = use(world, a=FEE)
    world.advance(bill.period_end + SOON)
    world.roll_and_seal()
    with transaction():
        bill.status = "sealed"
        take_theirs(bill, renewals(world)[0], now=world.now)
    issue(world)
    world.hear()
    live_on(world)
    assert bill.billed_with == "alone"
    assert world.billed() == {"a": FEE}
    assert bill.status == "open"


def test_a_claim_whose_reply_was_lost_is_not_sent_again_after_the_hour(
    world: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = untold(world)

    def killed(*_given: Any, **_more: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(world.syncer.gateway, "claim", killed)
        with pytest.raises(SystemExit):
            world.syncer.sync(bill, "event", verify=True)
    issue(world)
    world.advance(world.now + 90 * MINUTES)
    live_on(world)
    found = theirs(world)
    assert (found["auto_advance"], found["metadata"]) == (True, {})
    assert (bill.status, bill.billed_with) == ("open", "alone")
    assert world.billed() == {"a": 4000}


def pause_collection(world: Subscribed) -> None:
    path = f"subscriptions/{world.subscription}"
    world.stripe("POST", path, **{"pause_collection[behavior]": "keep_as_draft"})


def cancel(world: Subscribed) -> None:
    world.stripe("DELETE", f"subscriptions/{world.subscription}")


@pytest.mark.parametrize("stops", [pause_collection, cancel])
@pytest.mark.parametrize("heard", [True, False])
def test_a_claimed_draft_of_one_that_stops_is_left_without_ours(
    world: Subscribed, stops: Callable[[Subscribed], None], heard: bool
) -> None:
    bill = untold(world)
    world.syncer.sync(bill, "event", verify=True)
    assert (bill.billed_with, len(world.lines(bill))) == ("claimed", 2)
    stops(world)
    if heard:
        world.hear()
    world.advance(bill.period_end + 2 * 60 * MINUTES)
    world.tick()
    live_on(world)
    found = theirs(world)
    assert (found["status"], found["auto_advance"], found["total"]) == ("draft", False, FEE)
    assert "dashboard_invoice" not in found["metadata"]
    assert (bill.status, bill.billed_with, bill.amount_due_cents) == ("open", "alone", 4000)
    assert world.billed() == {"a": 4000}


def test_an_empty_bill_gives_none_back_to_one_that_is_paused(world: Subscribed) -> None:
    bill = world.draft()
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    assert bill.billed_with == "claimed"
    pause_collection(world)
    world.advance(bill.period_end + 2 * 60 * MINUTES)
    world.tick()
    live_on(world)
    assert (theirs(world)["status"], theirs(world)["auto_advance"]) == ("draft", False)
    assert bill.status == "paid"


def test_a_draft_that_somebody_holds_is_not_taken(world: Subscribed) -> None:
    bill = untold(world)
    world.stripe("POST", f"invoices/{bill.stripe_invoice_id}", auto_advance="false")
    world.syncer.sync(bill, "event", verify=True)
    assert bill.billed_with == "alone"
    assert theirs(world)["metadata"] == {}


def test_a_bill_that_an_older_release_made_at_stripe_goes_alone(world: Subscribed) -> None:
    bill = use(world, a=4000)
    with transaction():
        bill.billed_with = "alone"
    world.syncer.sync(bill)
    with transaction():
        bill.billed_with = "waits"
    own = bill.stripe_invoice_id
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    assert (bill.billed_with, bill.stripe_invoice_id) == ("alone", own)
    live_on(world)
    assert world.billed() == {"a": 4000}


def test_a_give_back_that_was_lost_is_made_as_things_stand(
    world: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = world.draft()
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()

    def killed(*_given: Any, **_more: Any) -> Any:
        raise SystemExit

    world.advance(bill.period_end + 2 * 60 * MINUTES)
    world.roll_and_seal()
    with monkeypatch.context() as patch:
        patch.setattr(world.syncer.gateway, "give_back", killed)
        with pytest.raises(SystemExit):
            world.syncer.sync(bill, "final", verify=True)
    world.advance(world.now + 5 * 60 * MINUTES)
    live_on(world)
    found = theirs(world)
    assert "dashboard_invoice" not in found["metadata"]
    assert (found["status"], bill.status) == ("open", "paid")


def test_an_older_reading_undoes_no_newer_one(world: Subscribed) -> None:
    old = world.syncer.gateway.subscription(world.subscription)
    newer = replace(old, paused_how="void", as_of=world.now + MINUTES)
    older = replace(old, period_end=old.period_end + DAY, as_of=world.now - MINUTES)
    with transaction():
        follow(world.organization, newer, now=world.now)
        follow(world.organization, older, now=world.now)
    kept = world.organization.subscription
    assert kept is not None
    assert (kept["paused_how"], kept["period_end"]) == ("void", old.period_end.isoformat())


def test_where_stripes_clock_is_ahead_the_bill_waits_for_what_is_there(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.syncer.simulator.advance((bill.period_end + SOON - world.now).total_seconds())
    world.syncer.ahead = bill.period_end - 2 * MINUTES - (world.now - world.syncer.ahead)
    # The subscription's event before the invoice's.
    world.hear(but=("invoice.created",))
    assert bill.billed_with == "waits"
    world.hear()
    assert bill.billed_with in ("claiming", "claimed")
    assert not due_to_look(now=world.now, most=10)
