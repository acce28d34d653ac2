"""What is proposed, approved and on record, for the tests of four eyes."""

from __future__ import annotations

from datetime import timedelta

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.approvals.decide import approve, basis_of, name_of
from dashboard.approvals.models import Proposal
from dashboard.approvals.propose import Wanted, propose
from dashboard.audit.actor import Actor
from dashboard.audit.models import AuditEntry
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import NOW, UserFactory

DAY = timedelta(days=1)


def person(email: str) -> Actor:
    """Return a person of support."""
    with transaction():
        return Actor("user", UserFactory(email=email, role="support").id, email)


def wanted(cents: int = -50_000, subject: str = "form:1", said: str = "Goodwill") -> Wanted:
    """Return a credit, or a charge, to be proposed."""
    return Wanted("adjustment", subject, Money(cents, "usd"), {"description": said}, "Outage")


def proposed(acme: Organization, by: Actor, what: Wanted | None = None) -> Proposal:
    """Return a committed proposal."""
    with transaction():
        return propose(acme, what or wanted(), actor=by, now=NOW, ends_after=DAY)


def approved(acme: Organization, proposal: Proposal, by: Actor, *, seen: str | None = None) -> None:
    """Approve what is shown now, unless something else was seen."""
    with transaction():
        shown = seen or name_of(basis_of(proposal, acme))
        approve(proposal, acme, seen=shown, actor=by, now=NOW)


def adjustments(db: SQLAlchemy) -> list[int]:
    """Return what was charged and credited."""
    return list(db.session.scalars(select(Adjustment.amount_cents).order_by(Adjustment.id)))


def acts(db: SQLAlchemy) -> list[tuple[str, str]]:
    """Return what is on record of proposals."""
    query = select(AuditEntry.action, AuditEntry.actor_label)
    found = db.session.execute(
        query.where(AuditEntry.action.like("proposal.%")).order_by(AuditEntry.id)
    )
    return [(action, label) for action, label in found]


def charged(acme: Organization, by: Actor) -> tuple[Adjustment, Wanted]:
    """Return a charge of 900.00, and what is to be proposed to reverse it."""
    with transaction():
        charge = add_adjustment(
            current_invoice(acme), Money(90_000, "usd"), reason="Setup", description="Setup",
            actor=by, now=NOW, key="setup",
        )  # fmt: skip
    terms = {"adjustment_id": charge.id, "description": "Setup"}
    subject = f"adjustment:{charge.id}"
    return charge, Wanted("reversal", subject, Money(-90_000, "usd"), terms, "Sold twice")
