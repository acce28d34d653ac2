"""A renewal's invoice is taken within its hour, and ours goes onto it once."""

from __future__ import annotations

from datetime import timedelta

from tests.support.subscriptions import FEE, Subscribed, use

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=20)


def test_the_renewals_invoice_is_held_at_once(world: Subscribed) -> None:
    bill = use(world, a=4000)
    end = bill.period_end
    world.advance(end + SOON)
    world.tick()
    world.hear()
    [first, _] = world.invoices()
    assert (first.billed_with, first.status) == ("claimed", "closing")
    assert first.theirs_cents == FEE
    theirs = world.stripe("GET", f"invoices/{first.stripe_invoice_id}")
    assert theirs["metadata"]["dashboard_invoice"] == str(first.id)
    assert sorted(cents for _, cents in world.lines(first)) == [4000, FEE]


def test_ours_is_issued_on_it_after_the_grace(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    world.advance(bill.period_end + 2 * HOUR)
    world.tick()
    [first, following] = world.invoices()
    assert (first.status, first.parked_reason) == ("open", None)
    assert (first.total_cents, first.stripe_total_cents) == (4000, 4000)
    assert first.amount_due_cents == 4000 + FEE
    assert world.billed() == {"a": 4000}
    assert (following.billed_with, following.stripe_invoice_id) == ("waits", None)


def test_while_a_cycle_runs_nothing_of_it_is_made_at_stripe(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.advance(world.now + timedelta(hours=3))
    world.tick()
    assert bill.stripe_invoice_id is None


def test_a_bill_of_nothing_gives_the_invoice_back(world: Subscribed) -> None:
    bill = world.draft()
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    taken = bill.stripe_invoice_id
    world.advance(bill.period_end + 2 * HOUR)
    world.tick()
    assert (bill.status, bill.stripe_invoice_id) == ("paid", None)
    world.advance(world.now + 2 * HOUR)
    theirs = world.stripe("GET", f"invoices/{taken}")
    assert (theirs["status"], theirs["total"]) == ("open", FEE)
    assert "dashboard_invoice" not in theirs["metadata"]


def test_a_proration_that_comes_later_is_the_subscriptions(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    world.syncer.simulator.post(f"subscriptions/{world.subscription}/proration", cents=-300)
    world.hear()
    world.advance(bill.period_end + 2 * HOUR)
    world.tick()
    assert (bill.status, bill.parked_reason) == ("open", None)
    assert (bill.theirs_cents, bill.amount_due_cents) == (FEE - 300, 4000 + FEE - 300)


def test_invoices_of_a_threshold_are_left_alone(world: Subscribed) -> None:
    use(world, a=4000)
    world.syncer.simulator.post(f"subscriptions/{world.subscription}/threshold")
    world.hear()
    assert world.draft().billed_with == "waits"
