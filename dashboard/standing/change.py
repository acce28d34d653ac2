"""Set the rules of service standing, and set one organization apart until a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_row
from dashboard.errors import Invalid, Stale
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.standing.look import RULES_ID, kept_of, settle, take_off
from dashboard.standing.models import ServiceStanding, StandingRules
from dashboard.standing.rules import MOST_DAYS, STANDINGS, Override, Rules

LONGEST = timedelta(days=366)
MOVED = (
    "The standing was changed by another person. Your change was not made. Check it, then change "
    "it if you still need to."
)


def set_rules(wanted: Rules, *, seen: int, now: datetime, actor: Actor) -> StandingRules:
    """Keep other rules; the clock moves the organizations. The same again changes nothing.

    `seen` is the revision of the rules that the actor looked at. Raises Stale, Invalid.
    """
    _check(wanted)
    fresh = insert(StandingRules).values(id=RULES_ID, minimums={}, revision=0)
    db.session.execute(fresh.on_conflict_do_nothing())
    row = db.session.get_one(StandingRules, RULES_ID, populate_existing=True)
    before = row.rules
    if seen == row.revision and before == wanted:
        return row
    change = update(StandingRules).where(StandingRules.revision == seen)
    changed = change.values(
        warn_after_days=wanted.warn_after_days,
        suspend_after_days=wanted.suspend_after_days,
        minimums={name: str(amount) for name, amount in _amounts(wanted).items()},
        revision=StandingRules.revision + 1,
    )
    # Whoever sets them at the same time waits here, and finds another revision.
    if not db.session.execute(changed.returning(StandingRules.id)).all():
        raise Stale(
            "The rules were changed by another person. Your change was not made. Check them, then "
            "change them if you still need to."
        )
    db.session.refresh(row)
    facts = {"before": words_of(before), "after": words_of(wanted)}
    write_entry("standing_rules.set", row, actor, facts, now=now)
    return row


def set_apart(
    organization: Organization,
    wanted: Override,
    *,
    reason: str,
    seen: str,
    now: datetime,
    actor: Actor,
) -> None:
    """Give an organization a standing of its own until an end, whatever the rules say.

    `seen` is the `fingerprint` of what the actor looked at. Raises Invalid, Stale.
    """
    standing, until = wanted
    if standing not in STANDINGS:
        raise Invalid(f"{standing!r} is no standing. Nothing was changed.", field="standing")
    if not now < until <= now + LONGEST:
        raise Invalid(
            "The end must be later than now and within a year. Nothing was changed. Choose "
            "another day.",
            field="until",
        )
    lock_row(organization)
    row = kept_of(organization, now=now)
    if seen != fingerprint(row.override, row.override_until):
        raise Stale(MOVED)
    facts = {"standing": standing, "until": until.isoformat(), "before": row.standing}
    row.override, row.override_until = standing, until
    row.override_reason, row.override_by = reason, actor.label
    write_entry("standing.overridden", organization, actor, facts, reason=reason, now=now)
    settle(organization, now=now, actor=actor)


def end_override(organization: Organization, *, seen: str, now: datetime, actor: Actor) -> None:
    """Let the rules decide again; without anything set by hand nothing changes. Raises Stale."""
    lock_row(organization)
    row = db.session.get(ServiceStanding, organization.id, populate_existing=True)
    override = row.set_by_hand if row else None
    if seen != (fingerprint(*override) if override else "none"):
        raise Stale(MOVED)
    if row is None or override is None:
        return
    facts = {"standing": override.standing}
    take_off(row)
    write_entry("standing.override_ended", organization, actor, facts, now=now)
    settle(organization, now=now, actor=actor)


def fingerprint(override: str | None, until: datetime | None) -> str:
    """Return a name for what is set by hand."""
    return f"{override}-{until.timestamp():.0f}" if override and until else "none"


def words_of(rules: Rules) -> str:
    """Return the rules in words, for the record."""
    if rules.are_off:
        return "off"
    told = (("warn", rules.warn_after_days), ("suspend", rules.suspend_after_days))
    days = [f"{verb} after {days} days" for verb, days in told if days is not None]
    amounts = [f"{name.upper() or 'others'} {amount}" for name, amount in _amounts(rules).items()]
    return ", ".join([*days, *(["at least " + " and ".join(amounts)] if amounts else [])])


def _amounts(rules: Rules) -> dict[str, object]:
    others = {"": rules.minimum} if rules.minimum else {}
    return cast(dict[str, object], others | dict(rules.minimums))


def _check(rules: Rules) -> None:
    warn, suspend = rules.warn_after_days, rules.suspend_after_days
    for name, days in (("warn_after_days", warn), ("suspend_after_days", suspend)):
        if days is not None and not 0 <= days <= MOST_DAYS:
            raise Invalid(f"Days must be from 0 to {MOST_DAYS}. Nothing was changed.", field=name)
    if warn is not None and suspend is not None and suspend < warn:
        raise Invalid(
            "An organization cannot be suspended before it is warned. Nothing was changed. Choose "
            "more days, or leave the warning empty.",
            field="suspend_after_days",
        )
