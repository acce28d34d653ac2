"""The standing of one organization as its page and the API show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dashboard.billing.late import LATE_AT, is_late
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.standing.look import current_rules, debts_of
from dashboard.standing.models import ServiceStanding
from dashboard.standing.rules import Override, Rules, Standing, by_rules, standing_of

MOST = 50


@dataclass(frozen=True, slots=True)
class StandingNow:
    """What holds now, whether the clock has looked since or not, and why.

    `override` is what a person set and is not over. `kept` is the row of the last look; None for an
    organization that was never anything but good.
    """

    standing: Standing
    by_rules: Standing
    rules: Rules
    override: Override | None
    kept: ServiceStanding | None

    @property
    def changed_at(self) -> datetime | None:
        """When it moved last, as far as the clock has looked."""
        return None if self.kept is None else self.kept.changed_at


def standing_now(organization: Organization, *, now: datetime) -> StandingNow:
    """Return the standing of an organization: three short statements."""
    rules = current_rules()
    computed = by_rules(rules, debts_of([organization.id], now=now)[organization.id], now)
    kept = db.session.get(ServiceStanding, organization.id)
    override = kept.set_by_hand if kept else None
    if override is not None and override.until <= now:
        override = None
    standing = standing_of(computed, override, now)
    return StandingNow(standing, computed, rules, override, kept)


def late_of(organization: Organization, *, now: datetime) -> Sequence[Invoice]:
    """Return what an organization owes late, the oldest first."""
    query = select(Invoice).where(Invoice.organization_id == organization.id, is_late(now))
    return db.session.scalars(query.order_by(LATE_AT, Invoice.id).limit(MOST)).all()
