"""A credit note that is taken back is due again, once Stripe has voided it."""

import pytest

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.credit_note_void import NotVoidable, ask_void, note_of_invoice, refuse_void
from dashboard.billing.credit_notes import refuse_note
from dashboard.billing.models import Invoice
from dashboard.errors import Busy, Invalid, NotFound
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support.credit_notes import current_cents, hear, issued, pay, plan
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER, organization

__all__ = ["issued", "organization"]


def ask(note: CreditNote, reason: str = "Ticket 4712") -> CreditNote:
    return ask_void(note, reason=reason, actor=SUPPORT, now=LATER)


def test_it_counts_until_stripe_has_voided_it_and_never_after(
    issued: Invoice, organization: Organization
) -> None:
    note = plan(issued, 1000)
    hear(note)
    for _ in range(2):
        assert ask(note).void_asked_at == LATER
    assert issued.items[0].credited_cents == 1000
    for _ in range(3):
        hear(note, "void")
    assert (note.state, note.void_asked_at, issued.items[0].credited_cents) == ("void", None, 0)
    assert ask(note).void_asked_at is None
    assert current_cents(organization) == 439


def test_what_is_not_issued_is_not_voided(issued: Invoice) -> None:
    note = plan(issued, 1000)
    with pytest.raises(NotVoidable, match="planned"):
        ask(note)
    refuse_note(note, "Why not", now=LATER)
    with pytest.raises(NotVoidable, match="refused"):
        ask(note)


@pytest.mark.parametrize("status", ["paid", "void", "uncollectible"])
def test_only_while_its_invoice_is_open(issued: Invoice, status: str) -> None:
    note = plan(issued, 1000)
    hear(note)
    tell(issued, status, LATER)
    with pytest.raises(NotVoidable, match=rf"{status}.* Add a charge\. Nothing was changed\."):
        ask(note)
    assert note.void_asked_at is None


def test_what_was_given_back_stays_so(issued: Invoice) -> None:
    pay(issued)
    note = plan(issued, 1000, refund_cents=1000)
    hear(note)
    with pytest.raises(NotVoidable, match="given back"):
        ask(note)


def test_it_needs_a_reason(issued: Invoice) -> None:
    note = plan(issued, 1000)
    hear(note)
    with pytest.raises(Invalid, match="reason"):
        ask(note, " ")


def test_one_note_of_an_invoice_is_under_way_at_a_time(issued: Invoice) -> None:
    note = plan(issued, 1000)
    hear(note)
    other = plan(issued, 500, key="other")
    with pytest.raises(Busy, match="being issued"):
        ask(note)
    hear(other)
    ask(note)
    with pytest.raises(Busy, match="or voided"):
        plan(issued, 100, key="third")


def test_a_void_that_stripe_refused_leaves_it_issued_and_can_be_asked_for_again(
    issued: Invoice,
) -> None:
    note = plan(issued, 1000)
    hear(note)
    ask(note)
    refuse_void(note, "It is paid.", now=LATER)
    assert (note.state, note.void_asked_at, note.error) == ("issued", None, "It is paid.")
    assert issued.items[0].credited_cents == 1000
    assert ask(note).error is None


def test_a_note_of_another_invoice_is_not_found(issued: Invoice) -> None:
    note = plan(issued, 1000)
    assert note_of_invoice(issued, note.id) is note
    with pytest.raises(NotFound):
        note_of_invoice(issued, note.id + 1)
