"""When a change of a service takes effect: to the second, and within what can still be billed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from dashboard.billing.models import BillingCycle
from dashboard.billing.policy import current_policy
from dashboard.errors import Invalid
from dashboard.extensions import db


class InstantOutOfBounds(Invalid):
    """The change would lie in the future, too far back, or before the first cycle."""

    code = "instant_out_of_bounds"


def first_cycle_start(organization_id: int) -> datetime | None:
    """Return when the organization's first cycle began, before which nothing is billed."""
    query = select(func.min(BillingCycle.starts_at))
    return db.session.scalar(query.where(BillingCycle.organization_id == organization_id))


def effective_instant(
    organization_id: int, at: datetime | None, *, now: datetime, first: datetime | None = None
) -> datetime:
    """Return `at`, or `now` without it; raise InstantOutOfBounds.

    `first` is `first_cycle_start`, read here unless the caller has it. Services are billed by whole
    seconds: what begins takes the `whole_second` of the instant, what ends the `second_after` it,
    so that usage of a fraction is inside.
    """
    policy = current_policy()
    instant = at or now
    if instant > now + policy.max_skew:
        raise _refusal(instant, "is in the future", "Send it after it has happened")
    if instant < now - policy.max_age:
        raise _refusal(
            instant,
            f"is more than {policy.usage_max_age_days} days ago",
            "Add a charge or credit with a reason instead",
        )
    first = first or first_cycle_start(organization_id)
    if first is None or instant < first:
        raise _refusal(instant, "is before the organization's first cycle", "Choose a later time")
    return instant


def _refusal(instant: datetime, what: str, advice: str) -> InstantOutOfBounds:
    return InstantOutOfBounds(
        f"{instant.isoformat()} {what}. Nothing was changed. {advice}.", field="at"
    )
