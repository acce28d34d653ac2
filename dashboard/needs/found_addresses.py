"""The billing e-mails that a server refused, in the columns that all kinds share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, cast, func, null

from dashboard.mail.models import RefusedAddress
from dashboard.needs.found import MOST, Rows, shown
from dashboard.organizations.models import Organization


def refused_addresses(_now: datetime) -> Rows:
    """Return the organizations whose billing e-mail a server refused for good."""
    facts = func.jsonb_build_object("email", Organization.email, "reason", RefusedAddress.reason)
    subject, since = cast(Organization.id, String), RefusedAddress.noted_at
    return (
        shown(subject, since, facts, Organization.id, null(), null())
        .select_from(RefusedAddress)
        .join(Organization, func.lower(Organization.email) == RefusedAddress.address)
        .where(Organization.mails_bills)
        .order_by(RefusedAddress.noted_at, Organization.id)
        .limit(MOST)
    )
