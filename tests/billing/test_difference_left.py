"""What is left of a difference: what Stripe's notes and edits do to what was decided."""

from __future__ import annotations

import pytest

from dashboard.approvals.kinds import KINDS
from dashboard.billing.corrections import keep_correction
from dashboard.billing.credit_room import NotCreditable
from dashboard.billing.difference import difference_of, why_held
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.difference_preview import offered
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import take_off_hold
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from tests.support.credit_notes import current_cents, hear, issued, pay, told_refund
from tests.support.differences import bill_differently, broken, decide_on, left, note_at_stripe
from tests.support.reissues import reissue
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER, organization

__all__ = ["issued", "organization"]


def test_a_note_that_was_made_at_stripe_counts_and_nobody_credits_it_again(issued: Invoice) -> None:
    bill_differently(issued, 1000)
    note_at_stripe(issued, 400)
    assert (issued.parked_code, left(issued)) == ("billed_differently", 600)
    note_at_stripe(issued, 600, "cn_other")
    assert (issued.parked_code, left(issued)) == (None, 0)


@pytest.mark.parametrize("cents", [1000, 1500])
def test_a_note_that_was_made_at_stripe_leaves_no_invariant_broken(
    issued: Invoice, cents: int
) -> None:
    before = broken(issued)
    bill_differently(issued, 1000)
    note_at_stripe(issued, cents)
    assert issued.parked_code is None
    assert broken(issued) == before


@pytest.mark.parametrize("decision", ["carry", "credit"])
def test_an_edit_back_to_what_is_owed_is_seen_where_something_was_decided(
    issued: Invoice, decision: str
) -> None:
    bill_differently(issued, 1000)
    made = decide_on(issued, decision, 1000)
    if made.note is not None:
        hear(made.note)
    bill_differently(issued, 0)
    assert (issued.parked_code, left(issued)) == ("billed_differently", -1000)
    # Also where nobody had noticed: the invariant does.
    take_off_hold(issued, now=LATER)
    assert broken(issued, "issued_as_told") == ["issued_as_told"]


@pytest.mark.parametrize(("first", "then", "waits"), [
    (1000, 300, 0), (1000, 1200, 200), (1000, -300, -300), (1000, 0, 0),
    (-1000, -300, 0), (-1000, -1200, -200), (-1000, 300, 300),
])  # fmt: skip
def test_what_was_left_moved_no_money_whatever_is_edited_then(
    issued: Invoice, first: int, then: int, waits: int
) -> None:
    bill_differently(issued, first)
    decide_on(issued, "leave", first)
    bill_differently(issued, then)
    assert (issued.parked_code is not None, left(issued)) == (waits != 0, waits)
    assert broken(issued, "issued_as_told") == []
    if waits:
        decide_on(issued, "leave", waits, key="again")
        assert (issued.parked_code, left(issued)) == (None, 0)
        assert broken(issued, "issued_as_told") == []


def test_notes_at_stripe_count_for_nothing_where_they_are_counted_with_tax(issued: Invoice) -> None:
    bill_differently(issued, 1000)
    issued.tax_cents = 700
    note_at_stripe(issued, 1190)
    assert (issued.parked_code, left(issued)) == ("billed_differently", 1000)
    assert "include tax" in why_held(issued, difference_of(issued))
    decide_on(issued, "leave", 1000, reason="A note at Stripe corrected it")
    assert issued.parked_code is None
    assert broken(issued, "issued_as_told") == []


def test_a_credit_that_cannot_take_all_of_it_is_refused_wherever_it_comes_from(
    issued: Invoice,
) -> None:
    bill_differently(issued, 1000)
    pay(issued)
    issued.stripe_total_cents = issued.total_cents + 1000
    keep_correction(issued, told_refund(issued.stripe_total_cents - 600))
    assert left(issued) == 1000
    with pytest.raises(NotCreditable, match="credited or refunded already"):
        decide_on(issued, "credit", 1000)
    assert database.session.query(DifferenceDecision).count() == 0
    shown = offered(issued, current_invoice(issued.organization))
    assert (shown.crediting, "refunded already" in shown.why_no_note) == (None, True)


def test_a_reissue_shows_what_a_void_takes_back_of_what_was_carried(
    issued: Invoice, organization: Organization
) -> None:
    bill_differently(issued, 1000)
    decide_on(issued, "carry", 1000)
    database.session.commit()
    shown = preview_reissue(issued, now=LATER)
    assert shown.taking.way == "void"
    back = f"Correction of {issued.called}, taken back"
    assert (back, 0, 1000) in [(one.description, one.before, one.after) for one in shown.lines]
    reissue(issued, shown.taking.cents)
    tell(issued, "void", LATER, total=issued.total_cents + 1000)
    assert current_cents(organization) == shown.current_after


def test_the_approval_of_a_reversal_locks_the_older_invoice_first(
    issued: Invoice, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill_differently(issued, 1000)
    adjustment = decide_on(issued, "carry", 1000).adjustment
    assert adjustment is not None
    locked = list[int]()
    monkeypatch.setattr("dashboard.approvals.kinds.lock_invoice", locked.append)
    KINDS["reversal"].hold(organization, {"adjustment_id": adjustment.id})
    assert locked == [issued.id, adjustment.invoice_id]
