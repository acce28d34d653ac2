"""An organization of which Stripe and the ledger know the same."""

from datetime import timedelta

import pytest

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.installation import this_installation
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.backfill import backfill
from tests.factories import SUPPORT, make_organization
from tests.support.syncing import Syncer


@pytest.fixture
def acme(db: object, syncer: Syncer) -> Organization:
    """An organization with an issued invoice and a draft at Stripe; every event is in the inbox."""
    now = utc_now() - timedelta(days=3)
    with transaction():
        # Nobody tries to charge it meanwhile: of that there would be an event at any moment.
        acme = make_organization(
            "acme", anchor=now, now=now, collection_method="send_invoice", days_until_due=30
        )
    charge(acme, 2500)
    first = current_invoice(acme)
    with transaction():
        roll_early(acme, reason="Asked for", actor=SUPPORT, now=utc_now())
    syncer.sync(first, "final", verify=True)
    charge(acme, 900)
    syncer.sync(current_invoice(acme))
    with transaction():
        this_installation().created_at = now
    hear(syncer)
    return acme


def hear(syncer: Syncer) -> None:
    """Store every event there is, by the simulator's clock."""
    for _ in backfill(gateway=syncer.gateway, now=utc_now() + timedelta(hours=1)):
        checkpoint()


def charge(organization: Organization, cents: int) -> None:
    with transaction():
        add_adjustment(
            current_invoice(organization), Money(cents, "usd"), reason="Agreed",
            description=f"Of {cents}", actor=SUPPORT, now=utc_now(), key=f"of-{cents}",
        )  # fmt: skip
