"""What one person moved for an organization within a day without a second one.

A large credit in small parts is a large credit: so the limit is of what a person moves in a day,
the act at hand included. What a second person approved is not part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    cast,
    func,
    select,
)
from sqlalchemy.orm import aliased

from dashboard.approvals.models import Proposal
from dashboard.audit.actor import Actor
from dashboard.audit.models import AuditEntry
from dashboard.billing.adjust import REISSUED, WAIVED
from dashboard.billing.authored import Authored
from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.locks import lock_row
from dashboard.billing.models import Adjustment
from dashboard.billing.refund_models import Refund
from dashboard.billing.reissue_models import Reissue
from dashboard.errors import Stale
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization

DAY = timedelta(hours=24)
DECISIONS = (
    "invoice.void_billed",
    "invoice.void_written_off",
    "credit_note.void_asked",
    "invoice.difference_left",
)


class AboveTogether(Stale):
    """Another act of the same person came first, and both together want a second person."""

    code = "second_person_wanted"


def moved_alone(organization: Organization, actor: Actor, *, now: datetime) -> Money:
    """Return how much a person moved in the last 24 hours, charges and credits added up.

    What they undid themselves is none of it, nor is the undoing.
    """
    cents = 0
    if actor.kind == "user" and actor.id is not None:
        since = now - DAY
        cents = sum(
            db.session.scalar(query) or 0
            for query in (
                _adjusted(organization.id, actor.id, since),
                _decided(organization.id, actor.id, since),
                _credited(organization.id, actor.id, since),
                _reissued(organization.id, actor.id, since),
                _refunded(organization.id, actor.id, since),
            )
        )
    return Money(cents, organization.currency)


def undoes_own(act: Authored, actor: Actor, *, now: datetime) -> bool:
    """Whether a person who undoes this takes back what they did themselves within the day."""
    is_own = actor.kind == act.actor_kind == "user" and actor.id == act.actor_id
    return is_own and act.created_at > now - DAY


def together(amount: Money, moved: Money) -> Money:
    """Return what the limit is asked about: the act at hand and what was moved before it."""
    return Money(abs(amount.cents) + moved.cents, amount.currency)


def hold_day(
    organization: Organization,
    amount: Money,
    *,
    wants_two: Callable[[Money], bool],
    is_done: Callable[[], bool],
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what this person moves here from changing until the commit, and look again.

    Raises `AboveTogether` where another act of theirs, done while this one waited, leaves too
    little of the limit. What was done already (`is_done`) is only to be answered again.
    """
    lock_row(organization)
    if is_done():
        return
    if wants_two(together(amount, moved_alone(organization, actor, now=now))):
        raise AboveTogether(
            "You moved another amount here just now, and together they need a second person. "
            "Nothing was changed. Send it again to propose it."
        )


def _adjusted(organization_id: int, user_id: int, since: datetime) -> Select[int]:
    """Return how the person's charges and credits are added up, adopted lines among them."""
    one, other = Adjustment, aliased(Adjustment)
    was_undone = (
        select(other.id)
        .where(other.reverses_id == one.id, _is_by(other.actor_kind, other.actor_id, user_id))
        .exists()
    )
    undid = (
        select(other.id)
        .where(
            other.id == one.reverses_id,
            _is_by(other.actor_kind, other.actor_id, user_id),
            other.created_at > since,
        )
        .exists()
    )
    return select(cast(func.coalesce(func.sum(func.abs(one.amount_cents)), 0), BigInteger)).where(
        one.organization_id == organization_id,
        _is_by(one.actor_kind, one.actor_id, user_id),
        one.created_at > since,
        # Part of the decision on a void invoice, which is counted as a whole.
        ~one.idempotency_key.startswith(WAIVED),
        ~_was_approved(organization_id, user_id, one.created_at),
        ~was_undone,
        ~undid,
    )


def _decided(organization_id: int, user_id: int, since: datetime) -> Select[int]:
    """Return how the person's decisions on void invoices, and voids of notes, are added up."""
    cents = cast(AuditEntry.facts["cents"].astext, BigInteger)
    return select(cast(func.coalesce(func.sum(func.abs(cents)), 0), BigInteger)).where(
        AuditEntry.organization_id == organization_id,
        AuditEntry.at > since,
        AuditEntry.action.in_(DECISIONS),
        _is_by(AuditEntry.actor_kind, AuditEntry.actor_id, user_id),
        ~_was_approved(organization_id, user_id, AuditEntry.at),
    )


def _credited(organization_id: int, user_id: int, since: datetime) -> Select[int]:
    """Return how the person's credit notes are added up, but for what Stripe refused."""
    cents = func.coalesce(func.sum(CreditNote.amount_cents), 0)
    return select(cast(cents, BigInteger)).where(
        CreditNote.organization_id == organization_id,
        _is_by(CreditNote.actor_kind, CreditNote.actor_id, user_id),
        CreditNote.created_at > since,
        CreditNote.state != "refused",
        # Part of a reissue, which is counted as a whole.
        ~CreditNote.idempotency_key.startswith(REISSUED),
        ~_was_approved(organization_id, user_id, CreditNote.created_at),
    )


def _reissued(organization_id: int, user_id: int, since: datetime) -> Select[int]:
    """Return how what the person took back is added up, but for what Stripe refused."""
    cents = func.coalesce(func.sum(Reissue.taken_cents), 0)
    return select(cast(cents, BigInteger)).where(
        Reissue.organization_id == organization_id,
        _is_by(Reissue.actor_kind, Reissue.actor_id, user_id),
        Reissue.created_at > since,
        Reissue.state != "refused",
        ~_was_approved(organization_id, user_id, Reissue.created_at),
    )


def _refunded(organization_id: int, user_id: int, since: datetime) -> Select[int]:
    """Return how the person's refunds are added up, but for what was refused."""
    cents = func.coalesce(func.sum(Refund.amount_cents), 0)
    return select(cast(cents, BigInteger)).where(
        Refund.organization_id == organization_id,
        _is_by(Refund.actor_kind, Refund.actor_id, user_id),
        Refund.created_at > since,
        Refund.state != "refused",
        ~_was_approved(organization_id, user_id, Refund.created_at),
    )


def _is_by(
    kind: SQLColumnExpression[str], number: SQLColumnExpression[int | None], user_id: int
) -> ColumnElement[bool]:
    # Tokens are numbered as people are.
    return and_(kind == "user", number == user_id)


def _was_approved(
    organization_id: int, user_id: int, at: SQLColumnExpression[datetime]
) -> ColumnElement[bool]:
    """Return whether a second person approved it: what is carried out bears that very instant."""
    return (
        select(Proposal.id)
        .where(
            Proposal.organization_id == organization_id,
            Proposal.proposed_by_id == user_id,
            Proposal.state == "approved",
            Proposal.decided_at == at,
        )
        .exists()
    )
