"""A credit note takes something off an issued invoice: once, for good, and for that only."""

from datetime import timedelta

import pytest

from dashboard.billing.carry import carry_over
from dashboard.billing.corrections import keep_correction, keep_payments
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_notes import (
    NoteKeyReused,
    WantedNote,
    follow_note,
    plan_note,
    refuse_note,
)
from dashboard.billing.credit_room import NotCreditable, room_of
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import record_remote
from dashboard.errors import Busy, Invalid
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteCorrection, RemotePayment
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support.stripe_acts import remote, tell
from tests.support.void_cases import (
    LATE_APRIL,
    LATER,
    case_of,
    decide,
    detach,
    first_of,
    organization,
)

__all__ = ["organization"]


@pytest.fixture
def issued(organization: Organization) -> Invoice:
    """The first invoice of 25.61, cut early and issued; 4.39 of its month are on the next."""
    first = first_of(organization)
    tell(first, "open", LATER)
    database.session.commit()
    return first


def wanted(invoice: Invoice, cents: int, **others) -> WantedNote:
    """Return a note over the invoice's one item."""
    [item] = invoice.items
    return WantedNote({item.id: cents}, **{"reason": "Outage", **others})


def plan(invoice: Invoice, cents: int, *, key: str = "k", **others) -> CreditNote:
    return plan_note(invoice, wanted(invoice, cents, **others), key=key, actor=SUPPORT, now=LATER)


def told(note: CreditNote, status: str = "issued", /, **facts) -> RemoteCorrection:
    """Return what Stripe shows of a note."""
    values = {
        "kind": "credit_note",
        "id": f"cn_{note.id}",
        "status": status,
        "amount_cents": note.amount_cents,
        "reason": None,
        "made_at": LATER,
        "stripe_invoice_id": note.invoice.stripe_invoice_id,
        "pre_payment_cents": note.amount_cents - note.back_cents,
        "post_payment_cents": note.back_cents,
        "note": str(note.id),
        "installation": this_installation().identity,
    }
    return RemoteCorrection(**values | facts)


def hear(note: CreditNote, status: str = "issued", /, **facts) -> None:
    """Let Stripe tell of it, by a reply or an event."""
    remote = told(note, status, **facts)
    kept = keep_correction(note.invoice, remote)
    follow_note(note.invoice, remote, kept.row.status, now=LATER)


def current_cents(organization: Organization) -> int:
    return current_invoice(organization).total_cents


def test_it_counts_once_stripe_has_issued_it_however_often_that_is_told(issued: Invoice) -> None:
    note = plan(issued, 1000)
    [item] = issued.items
    assert (note.state, item.credited_cents) == ("planned", 0)
    for _ in range(3):
        hear(note)
    assert (note.state, note.stripe_id, item.credited_cents) == ("issued", f"cn_{note.id}", 1000)
    assert (issued.total_cents, issued.status) == (2561, "open")


def test_what_was_credited_is_not_asked_for_again(
    issued: Invoice, organization: Organization
) -> None:
    assert current_cents(organization) == 439
    hear(plan(issued, 1000))
    assert current_cents(organization) == 439
    [item] = current_invoice(organization).items
    # What is left of the month was rated before the note, and is again with whatever comes next.
    detach(organization, LATE_APRIL + timedelta(minutes=30))
    said = " ".join(item.trace["words"])
    assert "15.61 of it was billed on earlier invoices" in said
    assert "10.00 of it was taken off by a credit note and is not asked for again" in said


def test_what_facts_take_off_later_is_taken_from_what_was_credited_first(
    issued: Invoice, organization: Organization
) -> None:
    """The fee ends back in time: what was given back already is not given back twice."""
    hear(plan(issued, 1000))
    whole = current_cents(organization)
    detach(organization, issued.period_start)
    # Of the month nothing is owed: 25.61 was billed, 10.00 of it credited.
    assert (whole, current_cents(organization)) == (439, -1561)


def test_the_order_of_note_and_fact_does_not_matter(
    issued: Invoice, organization: Organization
) -> None:
    note = plan(issued, 1000)
    detach(organization, issued.period_start)
    assert current_cents(organization) == -2561
    hear(note)
    assert current_cents(organization) == -1561


def test_a_void_note_is_billed_as_before(issued: Invoice, organization: Organization) -> None:
    note = plan(issued, 1000)
    hear(note)
    detach(organization, issued.period_start)
    hear(note, "void")
    [item] = issued.items
    assert (note.state, item.credited_cents) == ("void", 0)
    assert current_cents(organization) == -2561
    hear(note, "issued")
    assert (note.state, item.credited_cents) == ("void", 0)


def test_a_note_that_is_void_before_it_is_heard_of_never_counts(issued: Invoice) -> None:
    note = plan(issued, 1000)
    hear(note, "void")
    [item] = issued.items
    assert (note.state, item.credited_cents) == ("void", 0)


def test_what_was_credited_before_a_void_is_not_asked_for_again(
    issued: Invoice, organization: Organization
) -> None:
    hear(plan(issued, 1000))
    tell(issued, "void", LATER, pre_payment_credit_notes_amount=1000)
    decide(issued, "bill", seen_cents=1561)
    assert current_cents(organization) == 3000 - 1000


@pytest.mark.parametrize(("days", "asked"), [(0, 1561), (5, 1561), (13, 1261), (25, 61)])
def test_of_a_void_invoice_facts_take_from_what_was_credited_first(
    issued: Invoice, organization: Organization, days: int, asked: int
) -> None:
    """The fee ends so many days earlier: a tenth of a month costs 3.00."""
    hear(plan(issued, 1000))
    tell(issued, "void", LATER, pre_payment_credit_notes_amount=1000)
    if days:
        detach(organization, issued.period_end - timedelta(days=days))
    case = case_of(issued)
    assert case.asked_cents == pytest.approx(asked, abs=1)
    if case.waits:
        decide(issued, "bill", seen_cents=case.asked_cents)
        rest = 439 if not days else 0
        assert current_cents(organization) == pytest.approx(asked + rest, abs=1)


def test_what_is_billed_again_less_a_credit_is_not_given_back_twice_either(
    issued: Invoice, organization: Organization
) -> None:
    hear(plan(issued, 1000))
    tell(issued, "void", LATER, pre_payment_credit_notes_amount=1000)
    decide(issued, "bill", seen_cents=1561)
    detach(organization, issued.period_start + timedelta(days=13))
    # 13.00 are owed, and no more than 15.61 was ever asked for.
    assert current_cents(organization) == pytest.approx(1300, abs=1)


def test_a_refused_note_credits_nothing_and_makes_room_for_another(issued: Invoice) -> None:
    note = plan(issued, 1000)
    with pytest.raises(Busy, match="Another credit note"):
        plan(issued, 500, key="second")
    refuse_note(note, "A payment is under way.", now=LATER)
    [item] = issued.items
    assert (note.state, note.error, item.credited_cents) == (
        "refused", "A payment is under way.", 0,
    )  # fmt: skip
    assert plan(issued, 500, key="second").state == "planned"


def test_one_that_stripe_refused_and_made_after_all_counts(issued: Invoice) -> None:
    note = plan(issued, 1000)
    refuse_note(note, "Stripe did not answer.", now=LATER)
    hear(note)
    [item] = issued.items
    assert (note.state, note.error, item.credited_cents) == ("issued", None, 1000)


@pytest.mark.parametrize(
    "facts",
    [
        {"installation": "another"},
        {"installation": None},
        {"note": "999999"},
        {"note": "no number"},
        {"note": None},
        {"amount_cents": 999},
    ],
)
def test_a_note_that_is_not_ours_takes_nothing_off_our_items(issued: Invoice, facts) -> None:
    note = plan(issued, 1000)
    hear(note, **facts)
    [item] = issued.items
    assert (note.state, item.credited_cents) == ("planned", 0)


def test_the_same_key_is_one_note(issued: Invoice) -> None:
    note = plan(issued, 1000)
    hear(note)
    assert plan(issued, 1000) is note
    with pytest.raises(NoteKeyReused):
        plan(issued, 999)


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


def pay(invoice: Invoice, intent: str = "pi_1") -> None:
    """A card pays all of it."""
    tell(invoice, "paid", LATER)
    payment = RemotePayment(
        id=f"inpay_{intent}", stripe_invoice_id=str(invoice.stripe_invoice_id), status="paid",
        paid_by=intent, off_stripe=False, amount_paid_cents=invoice.total_cents,
    )  # fmt: skip
    keep_payments(invoice, [payment])


def told_refund(cents: int) -> RemoteCorrection:
    return RemoteCorrection(
        kind="refund", id="re_1", status="succeeded", amount_cents=cents, reason=None,
        made_at=LATER, paid_by="pi_1",
    )  # fmt: skip
