"""Odd invoices that are taken back: billed otherwise at Stripe, twice in a row, refunded, late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard.billing.carry import carry_over
from dashboard.billing.corrections import keep_correction
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.reissue import plan_reissue
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.billing.roll import roll_early, roll_over
from dashboard.extensions import db as database
from dashboard.invariants.known import OF_BILLS, OF_THE_ISSUED, OF_USAGE
from dashboard.invariants.look import look_at
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support import credit_notes
from tests.support.credit_notes import hear, issued, pay, told_refund
from tests.support.reissues import end, in_all, lines, reissue
from tests.support.stripe_acts import tell
from tests.support.void_cases import APRIL, LATER, detach, first_of, organization

__all__ = ["issued", "organization"]
STOPS = [one for one in (*OF_BILLS, *OF_USAGE, *OF_THE_ISSUED) if one.stops]


def broken(organization: Organization) -> list[str]:
    """Return what does not add up."""
    database.session.flush()
    return list(map(str, look_at([organization.id], now=LATER, only=STOPS)))


@pytest.mark.parametrize("is_paid", [False, True])
@pytest.mark.parametrize("more", [-500, 500])
def test_what_stripe_billed_otherwise_is_taken_back_as_the_preview_says(
    organization: Organization, is_paid: bool, more: int
) -> None:
    first = first_of(organization)
    carry_over(first, {item.key: item.amount_cents + more for item in first.items}, now=LATER)
    tell(first, "open", LATER)
    if is_paid:
        pay(first)
    owed, shown = in_all(organization), preview_reissue(first, now=LATER)
    end(reissue(first, shown.taking.cents))
    assert in_all(organization) == owed
    assert sum(lines(organization).values()) == shown.current_after
    assert broken(organization) == []


@pytest.mark.parametrize("ways", [(False, False), (False, True), (True, False), (True, True)])
def test_what_was_billed_again_is_taken_back_again(
    issued: Invoice, organization: Organization, ways: tuple[bool, bool]
) -> None:
    invoice, at = issued, LATER
    for number, is_paid in enumerate(ways):
        if is_paid:
            pay(invoice, f"pi_{number}")
        cents = preview_reissue(invoice, now=at).taking.cents
        row = plan_reissue(
            invoice, seen_cents=cents, reason="Wrong", key=f"k{number}", actor=SUPPORT, now=at
        )
        end(row)
        assert (row.state, in_all(organization), broken(organization)) == ("done", 3000, [])
        invoice, at = current_invoice(organization), at + timedelta(hours=5)
        roll_early(organization, reason="Moving", actor=SUPPORT, now=at)
        tell(invoice, "open", at)
    detach(organization, APRIL + timedelta(days=10))
    assert in_all(organization) == 1000
    assert broken(organization) == []


def test_of_what_was_refunded_outside_of_notes_the_rest_is_taken_back(
    issued: Invoice, organization: Organization
) -> None:
    pay(issued)
    keep_correction(issued, told_refund(1000))
    row: Reissue = reissue(issued, 1561)
    assert row.note is not None
    assert row.note.refund_cents == 1561
    end(row)
    assert in_all(organization) == 3000
    assert broken(organization) == []


def test_after_its_month_it_is_billed_on_the_bill_of_another(
    issued: Invoice, organization: Organization
) -> None:
    later = LATER + timedelta(days=40)
    roll_over(organization, now=later)
    row = plan_reissue(issued, seen_cents=2561, reason="Wrong", key="k", actor=SUPPORT, now=later)
    owed = in_all(organization)
    tell(issued, "void", later)
    assert (row.state, in_all(organization)) == ("done", owed)


def test_where_nothing_is_owed_now_nothing_is_billed_again(
    issued: Invoice, organization: Organization
) -> None:
    detach(organization, APRIL + timedelta(seconds=1))
    row = reissue(issued)
    end(row)
    assert (row.state, row.billed_cents, broken(organization)) == ("done", 0, [])


def test_with_a_note_and_a_payment_on_it_the_rest_is_credited_in_two_parts(
    issued: Invoice, organization: Organization
) -> None:
    hear(credit_notes.plan(issued, 561))
    issued.amount_paid_cents, issued.amount_remaining_cents = 1000, 1000
    row = reissue(issued, 2000, paid_part="outside")
    assert row.note is not None
    assert (row.note.amount_cents, row.note.outside_cents) == (2000, 1000)
    end(row)
    assert in_all(organization) == 3000 - 561
    assert broken(organization) == []
