"""What the subscription has on the same invoice, in coupons, tax and notes of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dashboard.audit.actor import SYSTEM
from dashboard.billing.credit_room import room_of
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.subscription import why_not_taken
from dashboard.billing.void_models import VoidCase
from dashboard.billing.waived import waived_of
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.gateway.parsing import parse_line
from dashboard.invariants.look import look_at
from dashboard.organizations.subscription import unlink_subscription
from dashboard.reading.sync_status import status_of
from dashboard.sync.fleet import fleet_counts
from dashboard.sync.tax_switch import switch_tax
from dashboard.transaction import transaction
from tests.support.subscriptions import FEE, Subscribed, link, use
from tests.support.taxed import taxed_as

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=20)


def bill_it(world: Subscribed, **cents: int) -> Invoice:
    bill = use(world, **cents)
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    world.advance(bill.period_end + 2 * HOUR)
    world.tick()
    return bill


@pytest.mark.parametrize("percent", [10, 33, 100])
def test_a_coupon_of_the_subscription_takes_nothing_off_ours(
    world: Subscribed, percent: int
) -> None:
    world.syncer.simulator.post(f"subscriptions/{world.subscription}/discount", percent=percent)
    bill = bill_it(world, a=4000, b=-300)
    net = FEE - (FEE * percent + 50) // 100
    assert (bill.status, bill.parked_reason) == ("open", None)
    assert (bill.theirs_cents, bill.amount_due_cents) == (net, 3700 + net)
    assert world.billed() == {"a": 4000, "b": -300}


def test_a_line_adds_what_coupons_and_tax_within_leave_of_it() -> None:
    line = {
        "id": "il_1",
        "amount": 1200,
        "metadata": {},
        "period": {"start": 1, "end": 2},
        "discount_amounts": [{"amount": 100, "discount": "di_1"}],
        "taxes": [
            {"amount": 200, "tax_behavior": "inclusive"},
            {"amount": 50, "tax_behavior": "exclusive"},
        ],
    }
    assert parse_line(line).net_cents == 900


def test_metered_lines_that_move_at_the_last_moment_are_no_difference_of_ours(
    world: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, finalize = world.syncer.gateway, world.syncer.gateway.finalize

    def late(*given: Any, **more: Any) -> Any:
        world.syncer.simulator.post(f"subscriptions/{world.subscription}/proration", cents=77)
        return finalize(*given, **more)

    monkeypatch.setattr(gateway, "finalize", late)
    bill = bill_it(world, a=4000)
    assert (bill.status, bill.parked_reason) == ("open", None)
    assert (bill.theirs_cents, bill.stripe_total_cents) == (FEE + 77, 4000)


def credit(world: Subscribed, bill: Invoice, **cents_by_line: int) -> None:
    """Let somebody credit lines at Stripe, each found by what it is."""
    made = world.stripe("GET", f"invoices/{bill.stripe_invoice_id}/lines")["data"]
    ids = {{FEE: "theirs", 4000: "ours"}.get(one["amount"]): one["id"] for one in made}
    sent: dict[str, Any] = {}
    for number, (whose, cents) in enumerate(cents_by_line.items()):
        sent |= {
            f"lines[{number}][type]": "invoice_line_item",
            f"lines[{number}][invoice_line_item]": ids[whose],
            f"lines[{number}][amount]": cents,
        }
    world.stripe("POST", "credit_notes", invoice=bill.stripe_invoice_id, **sent)
    world.hear()


def items_of(bill: Invoice) -> Sequence[InvoiceItem]:
    return db.session.scalars(select(InvoiceItem).filter_by(invoice_id=bill.id)).all()


@pytest.mark.parametrize(
    ("of_theirs", "of_ours", "most"),
    [(0, 0, 3700), (FEE, 0, 3700), (500, 0, 3700), (FEE, 1200, 2500)],
)
def test_ours_can_be_credited_whole_and_nothing_of_the_subscriptions(
    world: Subscribed, of_theirs: int, of_ours: int, most: int
) -> None:
    bill = bill_it(world, a=4000, b=-300)
    cents = {"theirs": of_theirs, "ours": of_ours}
    if of_theirs:
        credit(world, bill, **{whose: some for whose, some in cents.items() if some})
    assert room_of(bill, items_of(bill)).most == most


def test_what_the_subscription_gives_back_on_the_invoice_is_no_room(world: Subscribed) -> None:
    bill = use(world, a=4000)
    world.advance(bill.period_end + SOON)
    world.tick()
    world.hear()
    world.syncer.simulator.post(f"subscriptions/{world.subscription}/proration", cents=-FEE - 1000)
    world.hear()
    world.advance(bill.period_end + 2 * HOUR)
    world.tick()
    assert (bill.status, bill.theirs_cents, bill.amount_due_cents) == ("open", -1000, 3000)
    assert room_of(bill, items_of(bill)).most == 3000


@pytest.mark.parametrize(("ours", "waits"), [(0, 4000), (1500, 2500), (4000, 0)])
def test_of_a_void_one_what_their_note_took_off_is_asked_for_again(
    world: Subscribed, ours: int, waits: int
) -> None:
    bill = bill_it(world, a=4000)
    credit(world, bill, **({"theirs": FEE, "ours": ours} if ours else {"theirs": FEE}))
    assert waived_of(bill, items_of(bill)) == 4000 - waits
    if waits:
        world.stripe("POST", f"invoices/{bill.stripe_invoice_id}/void")
        world.hear()
        case = db.session.get_one(VoidCase, bill.id)
        assert (bill.status, case.waived_cents) == ("void", 4000 - waits)


def test_a_bill_that_waits_is_not_late(world: Subscribed) -> None:
    bill = use(world, a=4000)
    with transaction():
        bill.next_sync_at = world.now - 9 * HOUR
    assert status_of(bill).state == "with_subscription"
    counts = fleet_counts(now=world.now)
    assert (counts.dirty.number, counts.late.number) == (0, 0)
    found = look_at([world.organization.id], now=world.now)
    assert not [one for one in found if one.invariant.name == "changes_do_not_wait"]


def test_tax_and_a_subscription_refuse_each_other(world: Subscribed) -> None:
    refused = pytest.raises(Conflict, match="Unlink the subscription first")
    with taxed_as(), refused, transaction():
        switch_tax(world.organization, is_on=True, reason="x", actor=SYSTEM, now=world.now)
    with transaction():
        unlink_subscription(world.organization, reason="x", actor=SYSTEM, now=world.now)
        world.organization.automatic_tax = True
    with pytest.raises(Conflict, match="Switch automatic tax off first"):
        link(world)


def test_an_invoice_with_tax_of_its_own_is_not_taken(world: Subscribed) -> None:
    [first] = world.syncer.gateway.invoices_of_subscription(world.subscription)
    draft = replace(first, status="draft", auto_advance=True)
    assert why_not_taken(draft) == ""
    assert "works out the tax" in why_not_taken(replace(draft, automatic_tax=True))
    within = replace(draft.lines[0], tax_within_cents=5)
    assert "tax within" in why_not_taken(replace(draft, lines=(within,)))


def test_a_subscription_that_is_not_at_stripe_is_unlinked(world: Subscribed) -> None:
    bill = use(world, a=4000)
    with transaction():
        world.organization.stripe_subscription_id = "sub_gone"
    world.advance(bill.period_end + 12 * SOON * 3)
    world.tick()
    assert (bill.billed_with, world.organization.stripe_subscription_id) == ("alone", None)
