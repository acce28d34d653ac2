"""How an organization's cycles are counted: checked, and read past the session."""

from __future__ import annotations

from sqlalchemy import select

from dashboard.billing.period import CycleRule
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.intervals import INTERVALS
from dashboard.organizations.models import Organization
from dashboard.zones import is_zone


def check_rule(interval: str, zone: str) -> None:
    """Raise Invalid unless cycles can be counted in these."""
    if interval not in INTERVALS:
        raise Invalid(
            f"A cycle is one of: {', '.join(INTERVALS)}. Nothing was changed. Choose one of them.",
            field="cycle_interval",
        )
    if not is_zone(zone):
        raise Invalid(
            f"There is no time zone {zone}. Nothing was changed. Choose UTC or a name such as "
            "Europe/Berlin.",
            field="cycle_zone",
        )


def rule_of(organization_id: int) -> CycleRule:
    """Return how the organization's next cycle is counted, as it is now.

    Past the session, which may have read the organization before its invoices were locked.
    """
    found = select(
        Organization.cycle_anchor_at, Organization.cycle_interval, Organization.cycle_zone
    ).where(Organization.id == organization_id)
    return CycleRule(*db.session.execute(found).one())
