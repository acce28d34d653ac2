"""A clock of our own for renewals whose event is lost, or that bring no invoice."""

from __future__ import annotations

from datetime import timedelta

from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.subscriptions import FEE, Subscribed, use

MINUTES = timedelta(minutes=1)
CREATED = "invoice.created"


# The first look, the next, the end of the grace, the last look and what follows it.
COURSE = (1, 12, 28, 62, 85, 122, 140, 205)


def live_on(world: Subscribed, bill: Invoice, *, hears: bool = True) -> None:
    """Let the clock go on for some hours after the cycle's end."""
    end = bill.period_end
    for minutes in COURSE:
        if end + minutes * MINUTES > world.now:
            world.advance(end + minutes * MINUTES)
        if hears:
            world.hear(but=(CREATED,))
        world.tick()


def test_an_invoice_whose_event_was_lost_is_found_before_stripe_issues_it(
    world: Subscribed,
) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + 12 * MINUTES)
    world.tick()
    world.tick()
    assert bill.billed_with == "claimed"
    live_on(world, bill)
    assert (bill.status, bill.amount_due_cents) == ("open", 4000 + FEE)
    assert world.billed() == {"a": 4000}


def test_one_that_was_issued_before_it_was_found_leaves_ours_to_go_alone(
    world: Subscribed,
) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + 90 * MINUTES)
    world.tick()
    world.tick()
    assert bill.billed_with == "alone"
    live_on(world, bill)
    assert (bill.status, bill.amount_due_cents) == ("open", 4000)
    assert world.billed() == {"a": 4000}


def test_an_event_that_comes_too_late_leaves_ours_to_go_alone(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + 90 * MINUTES)
    world.hear()
    assert bill.billed_with == "alone"
    world.tick()
    live_on(world, bill)
    assert (bill.status, bill.amount_due_cents) == ("open", 4000)
    assert world.billed() == {"a": 4000}


def test_a_subscription_that_is_paused_brings_none_and_ours_goes_alone(
    world: Subscribed,
) -> None:
    bill = use(world, a=4000)
    world.syncer.simulator.post(f"subscriptions/{world.subscription}/pause")
    live_on(world, bill)
    assert (bill.status, bill.billed_with, bill.amount_due_cents) == ("open", "alone", 4000)
    assert world.billed() == {"a": 4000}


def test_a_renewal_of_nothing_brings_none_and_ours_goes_alone(world: Subscribed) -> None:
    bill = use(world, a=4000)
    # Of a flexible subscription with nothing to bill Stripe makes no invoice.
    world.syncer.simulator.post(f"subscriptions/{world.subscription}/empty")
    live_on(world, bill)
    assert (bill.status, bill.billed_with, bill.amount_due_cents) == ("open", "alone", 4000)


def test_one_that_ends_with_its_period_leaves_the_last_cycle_to_go_alone(
    world: Subscribed,
) -> None:
    bill = use(world, a=4000)
    world.stripe("POST", f"subscriptions/{world.subscription}", cancel_at_period_end="true")
    world.hear()
    live_on(world, bill)
    assert (bill.status, bill.billed_with) == ("open", "alone")
    assert world.organization.stripe_subscription_id is None
    assert world.draft().billed_with == "alone"
    assert world.draft().cycle.ends_at > world.now


def test_one_that_is_canceled_at_once_frees_the_cycle(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.stripe("DELETE", f"subscriptions/{world.subscription}")
    world.hear()
    assert (bill.billed_with, world.organization.stripe_subscription_id) == ("alone", None)
    live_on(world, bill)
    assert world.billed() == {"a": 4000}


def test_a_cancellation_whose_event_was_lost_is_seen_by_the_clock(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.stripe("DELETE", f"subscriptions/{world.subscription}")
    live_on(world, bill, hears=False)
    assert world.organization.stripe_subscription_id is None
    assert world.billed() == {"a": 4000}


def test_while_collection_is_paused_ours_goes_alone(world: Subscribed) -> None:
    for behavior in ("keep_as_draft", "void", "mark_uncollectible"):
        bill = use(world, **{behavior: 4000})
        path = f"subscriptions/{world.subscription}"
        world.stripe("POST", path, **{"pause_collection[behavior]": behavior})
        world.advance(bill.period_end + MINUTES)
        world.tick()
        world.hear()
        assert bill.billed_with == "alone"
        live_on(world, bill)
        assert (bill.status, bill.amount_due_cents) == ("open", 4000)
    assert world.billed() == {"keep_as_draft": 4000, "void": 4000, "mark_uncollectible": 4000}


def test_an_early_roll_goes_alone_and_the_rest_of_the_cycle_waits(world: Subscribed) -> None:
    bill = use(world, a=4000)
    roll(world)
    world.tick()
    assert (bill.status, bill.billed_with) == ("open", "alone")
    rest = use(world, b=100)
    assert rest.billed_with == "waits"
    world.advance(rest.period_end + MINUTES)
    world.tick()
    world.hear()
    live_on(world, rest)
    assert (rest.status, rest.amount_due_cents) == ("open", 100 + FEE)
    assert world.billed() == {"a": 4000, "b": 100}


def roll(world: Subscribed) -> None:
    """Roll the current invoice early."""
    with transaction():
        roll_early(world.organization, reason="Asked.", actor=SUPPORT, now=world.now)
