"""A second person approves a refund, on what is left of the payment."""

from __future__ import annotations

import pytest

from dashboard.approvals.decide import BasisMoved, basis_of, name_of
from dashboard.approvals.kinds import NothingLeft
from dashboard.approvals.moot import end_moot
from dashboard.approvals.propose import Wanted
from dashboard.audit.actor import Actor
from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.billing.refund_sums import refunds_of
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import NOW
from tests.support.credit_notes import issued
from tests.support.deciding import decided, people, proposed
from tests.support.refunds import PAYMENT, disputed, paid, theirs
from tests.support.void_cases import organization

__all__ = ["issued", "organization", "paid", "people"]


def wanted(invoice: Invoice, cents: int = 2000) -> Wanted:
    terms = {
        "sequence": invoice.sequence, "payment": PAYMENT, "cents": cents, "purpose": "overpaid",
        "description": "",
    }  # fmt: skip
    subject = f"invoice:{invoice.sequence}"
    return Wanted("refund", subject, Money(-cents, "usd"), terms, "Paid twice")


def test_what_is_approved_is_planned_in_the_name_of_who_proposed_it(
    paid: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(organization, wanted(paid), sam)
    assert refunds_of(paid) == []
    decided(organization, proposal, ada)
    [row] = refunds_of(paid)
    assert (row.state, row.amount_cents, row.purpose, row.actor_label, row.reason) == (
        "planned", 2000, "overpaid", sam.label, "Paid twice",
    )  # fmt: skip


def test_after_another_refund_it_is_shown_again(
    paid: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(organization, wanted(paid), sam)
    seen = name_of(basis_of(proposal, organization))
    with transaction():
        keep_correction(paid, theirs(500))
    with pytest.raises(BasisMoved, match=r"\$20\.61 of the payment can be refunded now"):
        decided(organization, proposal, ada, seen=seen)
    decided(organization, proposal, ada)
    assert len(refunds_of(paid)) == 1


@pytest.mark.parametrize(
    ("remote", "why"),
    [
        (theirs(1000), "Less than that is left"),
        (disputed("needs_response", 2561), "would return it twice"),
        (disputed("lost", 2561), "would return it twice"),
    ],
)
def test_what_does_not_fit_any_more_cannot_be_approved(
    paid: Invoice, organization: Organization, people: tuple[Actor, Actor], remote, why: str
) -> None:
    sam, ada = people
    proposal = proposed(organization, wanted(paid), sam)
    with transaction():
        keep_correction(paid, remote)
    with pytest.raises(NothingLeft, match=why):
        decided(organization, proposal, ada)
    with transaction():
        end_moot(now=NOW)
    assert proposal.state_at(NOW) == "moot"
    assert refunds_of(paid) == []


def test_what_still_fits_is_not_ended(
    paid: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, _ = people
    proposal = proposed(organization, wanted(paid), sam)
    with transaction():
        keep_correction(paid, theirs(500))
        end_moot(now=NOW)
    assert proposal.state == "waits"
