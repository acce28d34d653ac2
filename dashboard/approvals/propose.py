"""Propose to move money, and take that back: nothing of it takes effect by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.approvals.basis import is_over
from dashboard.approvals.kinds import KINDS, NothingLeft
from dashboard.approvals.locks import lock_late
from dashboard.approvals.models import Proposal, noun_of
from dashboard.approvals.people import person
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.errors import Conflict
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.lookup import own_row
from dashboard.organizations.models import Organization


class Wanted(NamedTuple):
    """A proposal before it is kept: which kind, about what, of how much money, and why."""

    kind: str
    subject: str
    amount: Money
    terms: Mapping[str, Any]
    reason: str


def propose(
    organization: Organization,
    wanted: Wanted,
    *,
    actor: Actor,
    now: datetime,
    ends_after: timedelta,
) -> Proposal:
    """Return the proposal; the same person's form sent twice is one.

    Raises `Conflict` where another of the same subject waits, `Forbidden` for a program.
    """
    by = person(actor, KINDS[wanted.kind].permission)
    if wanted.kind == "adjustment" and (made_before := _about(organization, wanted)):
        return _as_same(made_before, wanted, by)
    basis = KINDS[wanted.kind].basis(organization, dict(wanted.terms))
    if is_over(basis):
        raise NothingLeft(f"{basis['why']} Nothing was proposed. Look at it again.")
    # One that expired makes room for another.
    end_late(now=now, organization_id=organization.id)
    values = {
        "organization_id": organization.id,
        "kind": wanted.kind,
        "subject": wanted.subject,
        "amount_cents": wanted.amount.cents,
        "currency": wanted.amount.currency,
        "terms": dict(wanted.terms),
        "basis": basis,
        "reason": wanted.reason,
        "state": "waits",
        "proposed_at": now,
        "proposed_by_id": by,
        "proposed_by": actor.label,
        "ends_at": now + ends_after,
    }
    added = insert(Proposal).values(values).on_conflict_do_nothing().returning(Proposal.id)
    made = db.session.scalar(added)
    if made is None:
        return _as_same(_about(organization, wanted, state="waits"), wanted, by)
    proposal = db.session.get_one(Proposal, made)
    write_entry("proposal.made", proposal, actor, facts_of(proposal), reason=wanted.reason, now=now)
    return proposal


def proposal_of(organization: Organization, proposal_id: int) -> Proposal:
    """Return the organization's proposal; raises `NotFound`."""
    missing = f"{organization.slug} has no proposal {proposal_id}. Nothing was changed."
    return own_row(Proposal, organization, proposal_id, missing)


def end_late(*, now: datetime, organization_id: int | None = None) -> int:
    """End what was not decided in time; return how many that were."""
    late = lock_late(now=now, organization_id=organization_id)
    for proposal in late:
        proposal.state, proposal.decided_at = "expired", now
        write_entry("proposal.expired", proposal, SYSTEM, facts_of(proposal), now=now)
    db.session.flush()
    return len(late)


def facts_of(proposal: Proposal) -> dict[str, Any]:
    """Return what is put on record of a proposal with each act."""
    return {
        "what": noun_of(proposal.kind, proposal.terms.get("decision"), proposal.amount_cents),
        "cents": proposal.amount_cents,
        "currency": proposal.currency,
        "description": proposal.terms.get("description", ""),
    }


def _about(
    organization: Organization, wanted: Wanted, *, state: str | None = None
) -> Proposal | None:
    """Return the latest proposal about the same subject, whatever became of it."""
    query = select(Proposal).where(
        Proposal.organization_id == organization.id,
        Proposal.kind == wanted.kind,
        Proposal.subject == wanted.subject,
    )
    if state is not None:
        query = query.where(Proposal.state == state)
    latest = query.order_by(Proposal.id.desc()).limit(1)
    return db.session.scalar(latest, execution_options={"populate_existing": True})


def _as_same(there: Proposal | None, wanted: Wanted, by: int) -> Proposal:
    """Return what was proposed before, if it is the same; raise `Conflict` for anything else."""
    if there is None:
        raise Conflict("It was decided just now. Nothing was changed. Look at it again.")
    made = (there.proposed_by_id, there.amount_cents, there.terms, there.reason)
    if made != (by, wanted.amount.cents, dict(wanted.terms), wanted.reason):
        raise Conflict(
            f"{there.proposed_by} has already proposed something else here. Nothing was changed. "
            "Have that decided first, or start with a new form."
        )
    return there
