"""`python -m demo`: make the demo; what it prints says who can sign in.

With which password it does not say: what it prints is kept in a log.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.app import create_app
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.config import load_config
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from demo.api import ApiAway, ApiRefused
from demo.cast import FIVE_MINUTES, ORGANIZATIONS
from demo.customers import NotSynced
from demo.progress import progress
from demo.seed import seed
from demo.settings import demo_settings
from demo.stripe import StripeSaidNo
from demo.users import USERS, email_of

SOON = timedelta(minutes=10)


def main() -> int:
    """Make what is missing; 0 when people can sign in, though a sentence may say what is not done.

    Exits with a sentence, having made nothing, where the demo has no place.
    """
    config = load_config()
    settings = demo_settings(config)
    problem = ""
    with create_app(config).app_context():
        try:
            seed(settings, ORGANIZATIONS, tell=progress)
        except (ApiAway, ApiRefused, NotSynced, StripeSaidNo) as error:
            problem = f"The demo is not complete. The next start continues. {error}"
        lines = [*sign_ins(), *soon(utc_now()), problem]
    sys.stdout.writelines(f"{line}\n" for line in lines if line)
    return 0


def sign_ins() -> list[str]:
    """Return a line for each demo user: who they are and their address."""
    return [f"{one.label:<9} {email_of(one.label)}" for one in USERS]


def soon(now: datetime) -> list[str]:
    """Return what there is to watch in the coming minutes, if anything is."""
    ends_at = db.session.scalar(
        select(Invoice.period_end)
        .join(Invoice.organization)
        .where(Organization.slug == FIVE_MINUTES.slug, Invoice.status == "draft")
    )
    if ends_at is None or not now < ends_at < now + SOON:
        return []
    return [f"The cycle of {FIVE_MINUTES.name} ends at {ends_at:%H:%M:%S} UTC: docs/demo.md."]


if __name__ == "__main__":
    sys.exit(main())
