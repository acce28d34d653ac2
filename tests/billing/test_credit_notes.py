"""A credit note takes something off an issued invoice: once, for good, and for that only."""

from datetime import timedelta

import pytest

from dashboard.billing.credit_note_preview import open_change
from dashboard.billing.credit_notes import (
    NoteKeyReused,
    refuse_note,
)
from dashboard.billing.credit_room import room_of
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.errors import Busy
from dashboard.organizations.models import Organization
from tests.support.credit_notes import current_cents, hear, issued, plan
from tests.support.stripe_acts import tell
from tests.support.void_cases import (
    LATE_APRIL,
    LATER,
    case_of,
    decide,
    detach,
    organization,
)

__all__ = ["issued", "organization"]


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


@pytest.mark.parametrize("percent", [10, 60, 100])
def test_the_preview_says_by_how_much_the_bill_that_follows_grows(
    issued: Invoice, organization: Organization, percent: int
) -> None:
    """The fee ended early, so a part is given back; what is credited is not taken off twice."""
    detach(organization, issued.period_start + timedelta(days=5))
    before = current_cents(organization)
    left = sum(room_of(issued, issued.items).items.values())
    cents = left * percent // 100
    [item] = issued.items
    grows = open_change(issued, {item.id: cents}, now=LATER)
    assert current_cents(organization) == before
    hear(plan(issued, cents))
    assert current_cents(organization) - before == grows > 0


def test_it_grows_by_nothing_where_no_fact_changed_since(
    issued: Invoice, organization: Organization
) -> None:
    [item] = issued.items
    assert open_change(issued, {item.id: 1000}, now=LATER) == 0
