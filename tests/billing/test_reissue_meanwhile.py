"""Between the look at a reissue and its end: paid, decided on, given up and issued after all."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from dashboard.billing.credit_notes import refuse_note
from dashboard.billing.models import Invoice
from dashboard.billing.reissue import NotReissuable
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.billing.void_models import VoidCase
from dashboard.errors import Stale
from dashboard.extensions import db as database
from dashboard.forms.reissue import name_of
from dashboard.organizations.models import Organization
from tests.support.credit_notes import hear, issued, pay
from tests.support.reissues import in_all, lines, reissue
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER, case_of, organization

__all__ = ["issued", "organization"]


def test_a_note_that_was_refused_and_turns_out_to_be_issued_is_billed_again(
    issued: Invoice, organization: Organization
) -> None:
    """A call that was given up was carried out at Stripe after all."""
    pay(issued)
    row = reissue(issued)
    assert row.note is not None
    refuse_note(row.note, "Not as much is left.", now=LATER)
    assert row.state == "refused"
    hear(row.note)
    assert (row.state, row.billed_cents, row.error) == ("done", 2561, None)
    assert in_all(organization) == 3000


def test_what_was_paid_since_it_was_shown_is_not_taken_back_in_another_way(
    issued: Invoice,
) -> None:
    pay(issued)
    with pytest.raises(Stale, match="by a credit note by now"):
        reissue(issued, seen_way="void")
    assert reissue(issued, seen_way="credit").way == "credit"


def test_what_somebody_just_decided_on_is_not_billed_over_it(
    issued: Invoice, organization: Organization
) -> None:
    """Another person wrote it off while this one waited for the invoice."""
    tell(issued, "void", LATER)
    case = case_of(issued)
    assert case.waits
    facts = {"state": "written_off", "decided_at": LATER, "decided_by": "Ada", "reason": "A gift"}
    database.session.flush()
    written = update(VoidCase).where(VoidCase.invoice_id == issued.id).values(**facts)
    database.session.execute(written.execution_options(synchronize_session=False))
    with pytest.raises(NotReissuable):
        reissue(issued)
    assert case_of(issued).state == "written_off"
    assert sum(lines(organization).values()) == 439


def test_another_place_for_what_was_paid_is_another_act(issued: Invoice) -> None:
    pay(issued)
    names = {
        name_of(preview_reissue(issued, now=LATER, paid_part=part))
        for part in ("refund", "balance", "outside")
    }
    assert len(names) == 3
