"""A second person approves a reissue, on what it takes back."""

from __future__ import annotations

import pytest

from dashboard.approvals.decide import BasisMoved, basis_of, name_of
from dashboard.approvals.kinds import NothingLeft
from dashboard.approvals.moot import end_moot
from dashboard.approvals.propose import Wanted
from dashboard.audit.actor import Actor
from dashboard.billing.credit_notes import refuse_note
from dashboard.billing.models import Invoice
from dashboard.billing.reissue import reissues_of
from dashboard.errors import Busy
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import NOW
from tests.support import credit_notes
from tests.support.credit_notes import issued, pay
from tests.support.deciding import decided, people, proposed
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER, organization

__all__ = ["issued", "organization", "people"]


def wanted(invoice: Invoice, cents: int = 2561) -> Wanted:
    terms = {"sequence": invoice.sequence, "paid_part": "refund", "description": ""}
    subject = f"invoice:{invoice.sequence}"
    return Wanted("reissue", subject, Money(cents, "usd"), terms, "Wrong plan")


def test_what_is_approved_is_planned_in_the_name_of_who_proposed_it(
    issued: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(organization, wanted(issued), sam)
    assert reissues_of(issued) == []
    decided(organization, proposal, ada)
    [row] = reissues_of(issued)
    assert (row.state, row.way, row.actor_label) == ("planned", "void", sam.label)


def test_while_a_note_is_under_way_it_waits_and_is_not_ended(
    issued: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(organization, wanted(issued), sam)
    with transaction():
        note = credit_notes.plan(issued, 100)
    with transaction():
        end_moot(now=NOW)
    assert proposal.state == "waits"
    with pytest.raises(Busy):
        decided(organization, proposal, ada)
    with transaction():
        refuse_note(note, "No.", now=LATER)
    decided(organization, proposal, ada)
    assert len(reissues_of(issued)) == 1


def test_paid_meanwhile_it_is_shown_again(
    issued: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(organization, wanted(issued), sam)
    seen = seen_of(proposal, organization)
    with transaction():
        pay(issued)
    with pytest.raises(BasisMoved, match="a credit note takes it back"):
        decided(organization, proposal, ada, seen=seen)


def test_voided_meanwhile_nothing_is_left_to_approve(
    issued: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(organization, wanted(issued), sam)
    with transaction():
        tell(issued, "void", LATER)
    with pytest.raises(NothingLeft, match="is void"):
        decided(organization, proposal, ada)
    with transaction():
        end_moot(now=NOW)
    assert proposal.state_at(NOW) == "moot"


def seen_of(proposal, organization: Organization) -> str:
    """Return the name of what is shown now."""
    return name_of(basis_of(proposal, organization))
