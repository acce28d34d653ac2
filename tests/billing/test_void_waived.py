"""What was taken off an invoice before it was voided is not asked for again."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboard.billing.carry import carry_over
from dashboard.billing.corrections import keep_correction
from dashboard.billing.draft import current_invoice
from dashboard.billing.outcome import record_remote
from dashboard.billing.void_listing import waiting_case_ids
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db as database
from dashboard.gateway.records import RemoteCorrection
from dashboard.organizations.models import Organization
from tests.support.stripe_acts import remote, tell
from tests.support.void_cases import LATER, case_of, decide, detach, first_of, organization

__all__ = ["organization"]


@pytest.mark.parametrize(
    ("facts", "waived"),
    [
        ({}, 0),
        ({"total": 2561, "pre_payment_credit_notes_amount": 500}, 500),
        ({"total": 2461}, 100),
        ({"total": 2461, "pre_payment_credit_notes_amount": 1}, 101),
        ({"total": 3000}, 0),
        ({"total": 3000, "pre_payment_credit_notes_amount": 500}, 61),
    ],
)
def test_a_case_asks_for_what_was_asked_last(
    organization: Organization, facts: dict[str, int], waived: int
) -> None:
    first = first_of(organization)
    tell(first, "open", LATER, **facts)
    tell(first, "void", LATER, **facts)
    case = case_of(first)
    assert (case.cents, case.asked_cents) == (2561, 2561 - waived)
    database.session.commit()
    decide(first, "bill", seen_cents=2561 - waived)
    assert current_invoice(organization).total_cents == 3000 - waived
    decide(first, "bill", seen_cents=2561 - waived)
    assert current_invoice(organization).total_cents == 3000 - waived


def test_written_off_nothing_is_credited_of_what_was_waived(organization: Organization) -> None:
    first = first_of(organization)
    for status in ("open", "void"):
        tell(first, status, LATER, pre_payment_credit_notes_amount=500)
    decide(first, "write_off", seen_cents=2061)
    assert current_invoice(organization).total_cents == 439


def test_a_note_that_is_told_before_its_invoice_is_counts(organization: Organization) -> None:
    first = first_of(organization)
    tell(first, "open", LATER)
    for number, status in enumerate(("issued", "issued", "void")):
        keep_correction(first, note(f"cn_{number}", status))
    tell(first, "void", LATER)
    assert case_of(first).waived_cents == 600


def test_what_is_told_only_after_the_void_lowers_the_case_too(organization: Organization) -> None:
    first = first_of(organization)
    for status in ("open", "void"):
        tell(first, status, LATER)
    later = replace(remote(first, "void", pre_payment_credit_notes_amount=500), as_of=LATER)
    record_remote(first, later, now=LATER)
    assert case_of(first).asked_cents == 2061
    keep_correction(first, note("cn_2", "issued"))
    keep_correction(first, note("cn_3", "issued"))
    assert case_of(first).asked_cents == 1961
    keep_correction(first, note("cn_3", "void"))
    assert case_of(first).asked_cents == 2061


def test_what_was_decided_stays_whatever_is_told_after(organization: Organization) -> None:
    first = first_of(organization)
    for status in ("open", "void"):
        tell(first, status, LATER)
    decide(first, "bill", seen_cents=2561)
    keep_correction(first, note("cn_2", "issued"))
    assert case_of(first).waived_cents == 0
    assert current_invoice(organization).total_cents == 3000


def note(stripe_id: str, status: str) -> RemoteCorrection:
    """Return a credit note of 3.00."""
    return RemoteCorrection(
        kind="credit_note", id=stripe_id, status=status, amount_cents=300, reason=None,
        made_at=LATER, pre_payment_cents=300,
    )  # fmt: skip


def test_a_case_of_which_nothing_is_asked_waits_for_nobody(organization: Organization) -> None:
    first = first_of(organization)
    for status in ("open", "void"):
        tell(first, status, LATER, pre_payment_credit_notes_amount=2000)
    assert (waiting_cases(), case_of(first).waits) == (1, True)
    detach(organization, at=datetime(2026, 4, 21, tzinfo=UTC))
    case = case_of(first)
    assert (case.cents, case.asked_cents, case.waits) == (2000, 0, False)
    assert waiting_cases() == 0
    assert VoidCase(state="undecided", cents=-300, waived_cents=200).asked_cents == -300


def test_what_was_not_due_anyway_was_not_waived(organization: Organization) -> None:
    first = first_of(organization)
    [item] = first.items
    carry_over(first, {item.key: 3000}, now=LATER)
    for status in ("open", "void"):
        tell(first, status, LATER, pre_payment_credit_notes_amount=500)
    case = case_of(first)
    assert (case.cents, case.waived_cents) == (2561, 61)


def waiting_cases() -> int:
    """Return how many void invoices wait for a decision."""
    return len(database.session.scalars(waiting_case_ids()).all())
