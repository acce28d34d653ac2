"""What a second person says to a proposal: once, on what they were shown, and never their own."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from dashboard.approvals.basis import Basis, is_over
from dashboard.approvals.changes import changes, stands
from dashboard.approvals.kinds import KINDS, Kind, NothingLeft
from dashboard.approvals.locks import lock_proposal
from dashboard.approvals.models import Proposal
from dashboard.approvals.people import may, person
from dashboard.approvals.propose import facts_of
from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.draft import current_invoice
from dashboard.errors import Busy, Conflict, Forbidden, Invalid, Stale
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun


class BasisMoved(Stale):
    """What the consequence was computed on is another by now: the reader looks at it again."""

    code = "basis_moved"


def basis_of(proposal: Proposal, organization: Organization) -> Basis:
    """Return what the consequence depends on as it is now; locks nothing."""
    return KINDS[proposal.kind].basis(organization, proposal.terms)


def lost_access(proposal: Proposal) -> bool:
    """Whether who proposed it may not do so any longer: then it can only be refused."""
    return not may(proposal.proposed_by_id, KINDS[proposal.kind].permission)


def name_of(basis: Basis) -> str:
    """Return a name for exactly this: the approver's form carries it."""
    canonical = json.dumps(basis, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def approve(
    proposal: Proposal, organization: Organization, *, seen: str, actor: Actor, now: datetime
) -> SyncRun | None:
    """Carry the proposal out; return the sync that follows, if one does.

    `seen` names the basis of what the approver was shown. It is carried out once, however often it
    is clicked: the row is held until the commit. The same person's second click changes nothing.
    Raises `Forbidden` for who proposed it, `Stale` for what is decided or over, `BasisMoved`, and
    `NothingLeft` where not the amount that was proposed would be moved.
    """
    held = lock_proposal(proposal.id)
    if held.state == "approved" and _is_by(held.decided_by_id, actor):
        return None
    _check(held, actor, now)
    if lost_access(held):
        raise Conflict(
            f"{held.proposed_by} can no longer move money here, so their proposal cannot be "
            "approved. Nothing was changed. Refuse it; if it is still right, propose it yourself."
        )
    basis = _basis_under_lock(held, organization, now)
    if name_of(basis) != seen:
        what = " ".join(changes(held, basis))
        raise BasisMoved(f"{what} Nothing was changed. Look at the totals again.".strip())
    run = KINDS[held.kind].carry_out(held, organization, now=now)
    facts = _end(held, "approved", actor, now)
    write_entry("proposal.approved", held, actor, facts, now=now)
    return run


def refuse(proposal: Proposal, *, answer: str, actor: Actor, now: datetime) -> None:
    """Refuse the proposal with a reason; raises `Forbidden` for the one who proposed it."""
    if not answer.strip():
        raise Invalid("Enter why you refuse it. Nothing was changed.", field="answer")
    held = lock_proposal(proposal.id)
    if held.state == "refused" and _is_by(held.decided_by_id, actor):
        return
    _check(held, actor, now)
    held.answer = answer.strip()
    facts = _end(held, "refused", actor, now)
    write_entry("proposal.refused", held, actor, facts, reason=held.answer, now=now)


def withdraw(proposal: Proposal, *, actor: Actor, now: datetime) -> None:
    """Take one's own proposal back; raises `Forbidden` for another person's."""
    held = lock_proposal(proposal.id)
    if not _is_by(held.proposed_by_id, actor):
        raise Forbidden(
            f"{held.proposed_by} proposed it, so only they can withdraw it. Nothing was changed. "
            "Refuse it instead."
        )
    if held.state == "withdrawn":
        return
    _check_open(held, now)
    facts = _end(held, "withdrawn", actor, now)
    write_entry("proposal.withdrawn", held, actor, facts, now=now)


def _is_by(user_id: int | None, actor: Actor) -> bool:
    # Tokens are numbered as people are.
    return actor.kind == "user" and actor.id == user_id


def _basis_under_lock(held: Proposal, organization: Organization, now: datetime) -> Basis:
    kind = KINDS[held.kind]
    # First without: of what is gone nothing can be locked.
    basis = kind.basis(organization, held.terms)
    if not is_over(basis):
        kind.hold(organization, held.terms)
        _check_current(kind, organization, now)
        basis = kind.basis(organization, held.terms)
    if not stands(held, basis):
        raise NothingLeft(
            f"{' '.join(changes(held, basis))} Nothing was changed. Refuse this proposal."
        )
    return basis


def _check_current(kind: Kind, organization: Organization, now: datetime) -> None:
    """Refuse until a cycle that is over is closed: it would go on an invoice that was not shown."""
    if kind.is_on_current and current_invoice(organization).period_end <= now:
        raise Busy(
            "The cycle has just ended, and the next invoice is being opened. Nothing was changed. "
            "Look at the proposal again in a moment."
        )


def _check(held: Proposal, actor: Actor, now: datetime) -> None:
    if person(actor, KINDS[held.kind].permission) == held.proposed_by_id:
        raise Forbidden(
            "You proposed this, so a second person decides on it. Nothing was changed. If it is no "
            "longer right, withdraw it."
        )
    _check_open(held, now)


def _check_open(held: Proposal, now: datetime) -> None:
    if held.state == "expired" and held.answer:
        raise Stale(f"{held.answer} Nothing is left to decide. Reload the page.")
    if held.state != "waits":
        by = f" by {held.decided_by}" if held.decided_by else ""
        raise Stale(f"It is already {held.state}{by}. Nothing was changed. Reload the page.")
    if not held.waits(now):
        raise Stale(
            "The time to decide is over, so the proposal has expired. Nothing was changed. If it "
            "is still right, propose it again."
        )


def _end(held: Proposal, state: str, actor: Actor, now: datetime) -> dict[str, Any]:
    """End it, and return what goes on record."""
    held.state, held.decided_at = state, now
    held.decided_by_id, held.decided_by = actor.id, actor.label
    db.session.flush()
    return facts_of(held) | {"proposed_by": held.proposed_by}
