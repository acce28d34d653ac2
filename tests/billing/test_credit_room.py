"""How much of an issued invoice can be credited, and where the part goes that was paid."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.carry import carry_over
from dashboard.billing.corrections import keep_correction
from dashboard.billing.credit_room import NotCreditable, room_of
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_remote
from dashboard.billing.roll import roll_early
from dashboard.errors import Invalid
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT, PriceFactory, make_organization, make_service
from tests.support.credit_notes import current_cents, hear, issued, pay, plan, told_refund
from tests.support.refunds import disputed
from tests.support.stripe_acts import remote, tell
from tests.support.void_cases import (
    APRIL,
    LATER,
    detach,
    first_of,
    organization,
)

__all__ = ["issued", "organization"]


@pytest.mark.parametrize(
    ("cents", "shares", "why"),
    [
        (0, {}, "more than nothing"),
        (-5, {}, "more than nothing"),
        (2562, {}, "25.61 left"),
        (1000, {"balance_cents": 1}, "lowers what is still due"),
        (1000, {"reason": " "}, "needs a reason"),
        (1000, {"balance_cents": -1, "outside_cents": 1}, "below zero"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(issued: Invoice, cents, shares, why) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        plan(issued, cents, **shares)
    assert "Nothing was changed" in refused.value.message


def test_of_what_was_paid_the_shares_add_up_to_the_note(issued: Invoice) -> None:
    pay(issued)
    with pytest.raises(Invalid, match="add up"):
        plan(issued, 1000)
    note = plan(issued, 1000, refund_cents=600, balance_cents=300, outside_cents=100)
    assert note.back_cents == 1000


@pytest.mark.parametrize("share", ["refund_cents", "balance_cents"])
@pytest.mark.parametrize("status", ["needs_response", "lost"])
def test_what_a_bank_asks_back_no_note_gives_back_too(
    issued: Invoice, share: str, status: str
) -> None:
    pay(issued)
    keep_correction(issued, disputed(status, 2561))
    with pytest.raises(Invalid, match="A bank asks the payment back") as refused:
        plan(issued, 1000, **{share: 1000})
    assert refused.value.facts["field"] == "shares"
    assert plan(issued, 1000, outside_cents=1000).outside_cents == 1000


@pytest.mark.parametrize("status", ["won", "warning_closed", "warning_needs_response"])
def test_what_a_bank_left_with_us_a_note_gives_back(issued: Invoice, status: str) -> None:
    pay(issued)
    keep_correction(issued, disputed(status, 2561))
    assert plan(issued, 1000, refund_cents=600, balance_cents=400).back_cents == 1000


def test_what_is_due_can_be_credited_beside_a_dispute(issued: Invoice) -> None:
    """A part of it was paid, and that part is asked back."""
    keep_correction(issued, disputed("needs_response", 500))
    assert plan(issued, 1000).back_cents == 0


def test_no_more_is_refunded_than_the_payment_has_left(issued: Invoice) -> None:
    pay(issued)
    refund = told_refund(2000)
    keep_correction(issued, refund)
    with pytest.raises(Invalid, match=r"no more than \$5\.61"):
        plan(issued, 1000, balance_cents=1000)
    assert plan(issued, 561, refund_cents=561).amount_cents == 561


def test_what_a_note_refunded_is_not_refunded_again_before_stripe_tells_of_it(
    issued: Invoice,
) -> None:
    pay(issued)
    hear(plan(issued, 2000, refund_cents=2000))
    assert room_of(issued, issued.items).refundable == 561


def test_no_refund_is_offered_where_several_payments_could_be_meant(issued: Invoice) -> None:
    pay(issued)
    pay(issued, "pi_2")
    assert room_of(issued, issued.items).refundable == 0
    with pytest.raises(Invalid, match="can be refunded"):
        plan(issued, 100, refund_cents=100)


def test_of_a_partly_paid_invoice_a_note_lowers_the_rest_first(issued: Invoice) -> None:
    partly = remote(issued, "open", amount_paid=2000, amount_remaining=561)
    record_remote(issued, partly, now=LATER, is_last=True)
    room = room_of(issued, issued.items)
    assert (room.due, room.paid_part(1000), room.paid_part(500)) == (561, 439, 0)


def test_what_a_later_bill_gives_back_already_is_not_credited(
    issued: Invoice, organization: Organization
) -> None:
    [item] = issued.items
    detach(organization, issued.period_start + timedelta(days=10))
    assert current_cents(organization) == pytest.approx(-1561, abs=1)
    assert room_of(issued, issued.items).items == {item.id: 2561 + current_cents(organization)}
    with pytest.raises(Invalid, match="left"):
        plan(issued, 2000)


def test_what_stripe_billed_too_much_and_a_later_bill_gives_back_is_not_credited(
    organization: Organization,
) -> None:
    first = first_of(organization)
    [item] = first.items
    carry_over(first, {item.key: 3000}, now=LATER)
    tell(first, "open", LATER, total=3000, amount_remaining=3000)
    assert room_of(first, first.items).items == {item.id: 2561}


def test_what_makes_up_for_a_void_bill_is_credited_no_further_than_it_stands(
    organization: Organization,
) -> None:
    second = current_invoice(organization)
    add_adjustment(
        second, Money(500, "usd"), reason="Setup", description="Setup", actor=SUPPORT, now=LATER,
        key="setup",
    )  # fmt: skip
    fee, setup = rolled(second).items
    # Stripe gave back 10.00 for it; the third bill makes up for that.
    carry_over(second, {fee.key: fee.amount_cents, setup.key: -1000}, now=LATER)
    tell(second, "open", LATER, total=fee.amount_cents - 1000)
    third = rolled(current_invoice(organization))
    tell(third, "open", LATER)
    tell(second, "void", LATER)
    [carried] = [item for item in third.items if item.kind == "carry_over"]
    assert (carried.billed_cents, room_of(third, third.items).items[carried.id]) == (1500, 500)


def test_of_what_is_finer_than_can_be_charged_whole_steps_are_credited(db: object) -> None:
    organization = make_organization(anchor=APRIL, now=APRIL, currency="kwd")
    price = PriceFactory(currency="kwd", version__unit_amount=Decimal(30_000))
    for name in ("a", "b"):
        make_service(organization, price, now=APRIL, at=APRIL, external_id=name)
    first = rolled(current_invoice(organization))
    carry_over(first, {item.key: 5_006 for item in first.items}, now=LATER)
    tell(first, "open", LATER, total=10_012, amount_remaining=10_012)
    room = room_of(first, first.items)
    assert (room.most, set(room.items.values())) == (10_000, {5_000})
    assert set(room.spread(room.most).values()) == {5_000}


def rolled(invoice: Invoice) -> Invoice:
    """Cut an invoice short."""
    later = LATER + timedelta(hours=invoice.sequence)
    roll_early(invoice.organization, reason="Moving", actor=SUPPORT, now=later)
    return invoice


@pytest.mark.parametrize("status", ["draft", "sealed", "void"])
def test_only_an_issued_invoice_is_credited(organization: Organization, status: str) -> None:
    invoice = current_invoice(organization) if status == "draft" else first_of(organization)
    if status == "void":
        tell(invoice, "open", LATER)
        tell(invoice, "void", LATER)
    with pytest.raises(NotCreditable, match=status):
        room_of(invoice, invoice.items)


def test_an_invoice_with_tax_is_credited_at_stripe(issued: Invoice) -> None:
    issued.tax_cents = 200
    with pytest.raises(NotCreditable, match="tax"):
        room_of(issued, issued.items)


def test_the_database_refuses_more_than_an_item_bills(issued: Invoice) -> None:
    [item] = issued.items
    item.credited_cents = 2562
    with pytest.raises(Exception, match="can not change"):
        database.session.flush()
    database.session.rollback()
