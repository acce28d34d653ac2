"""Whether an organization is mailed its bills, and when it is reminded of one that is past due."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import lock_row
from dashboard.errors import Invalid
from dashboard.organizations.models import Organization

MOST_REMINDERS, LATEST_DAY = 6, 120


def read_days(text: str | None) -> list[int]:
    """Return the days past due that a text names, as `3, 7, 14`; raises `Invalid`."""
    parts = [one for one in re.split(r"[\s,]+", text or "") if one]
    days = sorted({int(one) for one in parts if re.fullmatch(r"[0-9]{1,4}", one)})
    is_right = all(re.fullmatch(r"[0-9]{1,4}", one) for one in parts)
    if not is_right or len(days) > MOST_REMINDERS or not all(0 < d <= LATEST_DAY for d in days):
        raise Invalid(
            f"Enter at most {MOST_REMINDERS} numbers of days from 1 to {LATEST_DAY}, such as 3, 7, "
            "14. Nothing was changed.",
            field="reminder_days",
        )
    return days


def set_mails(
    organization: Organization,
    *,
    mails_bills: bool,
    reminder_days: Sequence[int],
    actor: Actor,
    now: datetime,
) -> None:
    """Mail an organization its bills or not, and remind it on these days past due.

    The same again changes nothing.
    """
    lock_row(organization)
    before = (organization.mails_bills, list(organization.reminder_days))
    if before == (mails_bills, list(reminder_days)):
        return
    organization.mails_bills, organization.reminder_days = mails_bills, list(reminder_days)
    facts = {
        "mails": "on" if mails_bills else "off",
        "reminder_days": list(reminder_days),
        "reminder_days_before": before[1],
    }
    write_entry("organization.mails_set", organization, actor, facts, now=now)
