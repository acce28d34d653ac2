"""Look at the standing of organizations in slices, and move those for which it is another now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import BigInteger, select, union

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.late import LATE_AT, OWED, is_late
from dashboard.billing.locks import lock_row
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.outgoing.tell import Fact, tell
from dashboard.standing.models import ServiceStanding, StandingRules
from dashboard.standing.rules import Debt, Rules, Standing, by_rules, standing_of
from dashboard.statement import any_of

RULES_ID = 1


class Slice(NamedTuple):
    """Whom to look at next, and where the slice after this one begins; None at the end."""

    organization_ids: Collection[int]
    next_place: int | None


def current_rules() -> Rules:
    """Return the rules; those of nobody are off."""
    found = db.session.get(StandingRules, RULES_ID)
    return Rules() if found is None else found.rules


def next_slice(place: int, *, most: int, now: datetime) -> Slice:
    """Return the next organizations that owe something late, are not good, or are set by hand."""
    late = select(Invoice.organization_id).where(is_late(now), Invoice.organization_id > place)
    moved = select(ServiceStanding.organization_id).where(
        (ServiceStanding.standing != "good") | ServiceStanding.override.is_not(None),
        ServiceStanding.organization_id > place,
    )
    both = union(late, moved).subquery()
    ids = db.session.scalars(select(both.c[0]).order_by(both.c[0]).limit(most)).all()
    return Slice(ids, ids[-1] if len(ids) == most else None)


def debts_of(organization_ids: Collection[int], *, now: datetime) -> Mapping[int, list[Debt]]:
    """Return what these organizations owe late: one statement."""
    query = select(Invoice.organization_id, LATE_AT, OWED, Invoice.currency).where(
        Invoice.organization_id == any_of(organization_ids, BigInteger), is_late(now)
    )
    found: dict[int, list[Debt]] = defaultdict(list)
    for organization_id, since, cents, currency in db.session.execute(query):
        found[organization_id].append(Debt(since, cents, currency))
    return found


def look(organization_ids: Collection[int], *, now: datetime) -> int:
    """Move the standing of these organizations to what it is now; return how many moved.

    Only those that move are locked, in the order of their ids, and looked at again then.
    """
    rules, debts = current_rules(), debts_of(organization_ids, now=now)
    kept = {row.organization_id: row for row in _rows(organization_ids)}
    moving = [
        one for one in sorted(organization_ids) if _moves(kept.get(one), rules, debts[one], now)
    ]
    return sum(move(one, now=now) for one in moving)


def move(organization_id: int, *, now: datetime, actor: Actor = SYSTEM) -> bool:
    """Give an organization the standing that it has now; whether it was another."""
    organization = db.session.get_one(Organization, organization_id)
    lock_row(organization)
    return settle(organization, now=now, actor=actor)


def settle(organization: Organization, *, now: datetime, actor: Actor) -> bool:
    """Keep the standing of an organization whose row is held; whether what holds is another.

    What a person set is taken off once it is over.
    """
    debts = debts_of([organization.id], now=now)[organization.id]
    computed = by_rules(current_rules(), debts, now)
    row = kept_of(organization, now=now)
    row.by_rules = computed
    override = row.set_by_hand
    if override is not None and override.until <= now:
        facts = {"standing": override.standing, "until": override.until.isoformat()}
        take_off(row)
        write_entry("standing.override_over", organization, SYSTEM, facts, now=now)
    before, standing = row.standing, standing_of(computed, row.set_by_hand, now)
    if before == standing:
        return False
    row.standing = organization.standing = standing
    row.changed_at = now
    told = {"from": before, "to": standing} | _owed(debts)
    write_entry("standing.moved", organization, actor, told, now=now)
    _tell(organization, before, actor, now)
    return True


def _tell(organization: Organization, before: str, actor: Actor, now: datetime) -> None:
    standing = {
        "from": before,
        "to": organization.standing,
        "by": "rules" if actor == SYSTEM else "person",
    }
    fact = Fact(
        kind="standing.changed",
        # The organization is held, so it moves once at an instant.
        subject=f"{organization.id}:{now.isoformat()}",
        ordering_key=f"organization:{organization.id}",
        at=now,
        data={"standing": standing},
        organization_id=organization.id,
    )
    tell([fact], now=now)


def kept_of(organization: Organization, *, now: datetime) -> ServiceStanding:
    """Return the row of an organization, made where it has none; the organization is held."""
    query = select(ServiceStanding).where(ServiceStanding.organization_id == organization.id)
    # Whoever held the organization before may have written it.
    row = db.session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        row = ServiceStanding(
            organization_id=organization.id, by_rules="good", standing="good", changed_at=now
        )
        db.session.add(row)
    return row


def take_off(row: ServiceStanding) -> None:
    """Forget what a person set."""
    row.override = row.override_until = row.override_reason = row.override_by = None


def _rows(organization_ids: Collection[int]) -> Collection[ServiceStanding]:
    wanted = ServiceStanding.organization_id == any_of(organization_ids, BigInteger)
    query = select(ServiceStanding).where(wanted)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def _moves(row: ServiceStanding | None, rules: Rules, debts: list[Debt], now: datetime) -> bool:
    computed = by_rules(rules, debts, now)
    if row is None:
        return computed != "good"
    override = row.set_by_hand
    is_over = override is not None and override.until <= now
    holds = standing_of(computed, override, now)
    return is_over or holds != row.standing or computed != cast(Standing, row.by_rules)


def _owed(debts: list[Debt]) -> dict[str, object]:
    """Return what is late, for the record; of several currencies nothing is added up."""
    if len({one.currency for one in debts}) != 1:
        return {}
    since = min(one.late_since for one in debts)
    cents = sum(one.cents for one in debts)
    return {"cents": cents, "currency": debts[0].currency, "since": since.isoformat()}
