"""Set above which amount bills wait for a person's approval, for all or for one organization."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.closing.bill_models import ClosingLimit
from dashboard.currencies import TAKEN
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization

# Of advisory locks within a transaction: who sets a limit does so alone.
_TURN = text("select pg_advisory_xact_lock(hashtext('closing_limits'))")


def limits_in_force(
    organization_id: int | None = None, *, of_all: bool = True
) -> Sequence[tuple[ClosingLimit, Organization | None]]:
    """Return the limits in force, those of all first; or those of one organization alone."""
    query = (
        select(ClosingLimit, Organization)
        .outerjoin(Organization, Organization.id == ClosingLimit.organization_id)
        .where(ClosingLimit.ended_at.is_(None))
        .order_by(ClosingLimit.organization_id.nulls_first(), ClosingLimit.currency)
    )
    if not of_all:
        query = query.where(ClosingLimit.organization_id == organization_id)
    return [(limit, whose) for limit, whose in db.session.execute(query)]


def set_limit(
    amount: Money,
    *,
    organization: Organization | None = None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> ClosingLimit:
    """Have bills above `amount` wait from now on; the same once more is the same limit.

    With an `organization` of that one alone, in place of the limit of all. Bills that wait already
    wait on: their next try goes by the new limit. Raises `Invalid`.
    """
    if not reason.strip():
        raise Invalid("A limit needs a reason. Nothing was changed. Say why.", field="reason")
    if amount.cents < 0 or amount.currency not in TAKEN:
        raise Invalid(
            "That is no limit. Nothing was changed. Enter an amount of zero or more.",
            field="amount",
        )
    if organization is not None and organization.currency != amount.currency:
        raise Invalid(
            f"{organization.name} is billed in {organization.currency.upper()}. Nothing was "
            "changed. Choose that currency.",
            field="currency",
        )
    db.session.execute(_TURN)
    held = _in_force(amount.currency, organization)
    if held is not None and held.cents == amount.cents:
        return held
    if held is not None:
        held.ended_at, held.ended_by = now, actor.label
        db.session.flush()
    row = ClosingLimit(
        organization_id=organization.id if organization else None,
        currency=amount.currency,
        cents=amount.cents,
        reason=reason.strip(),
        set_at=now,
        set_by=actor.label,
    )
    db.session.add(row)
    before = {"cents_before": held.cents} if held is not None else {}
    facts = {"cents": amount.cents, "currency": amount.currency, **before}
    write_entry("closing_limit.set", row, actor, facts, reason=reason.strip(), now=now)
    return row


def end_limit(limit_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a limit away; one that is gone already changes nothing. Raises `Invalid`."""
    if not reason.strip():
        raise Invalid("Taking a limit away needs a reason. Nothing was changed.", field="reason")
    db.session.execute(_TURN)
    limit = db.session.get(ClosingLimit, limit_id, populate_existing=True)
    if limit is None or limit.ended_at is not None:
        return
    limit.ended_at, limit.ended_by = now, actor.label
    facts = {"cents": limit.cents, "currency": limit.currency}
    write_entry("closing_limit.ended", limit, actor, facts, reason=reason.strip(), now=now)


def _in_force(currency: str, organization: Organization | None) -> ClosingLimit | None:
    whose = organization.id if organization else 0
    query = select(ClosingLimit).where(
        ClosingLimit.ended_at.is_(None),
        ClosingLimit.currency == currency,
        func.coalesce(ClosingLimit.organization_id, 0) == whose,
    )
    return db.session.scalar(query.execution_options(populate_existing=True))
