"""A ledger with everything that a recount works out, made the usual way."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import fold
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.recount.look import recount
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)

Breaks = Callable[[str], None]
Finds = Callable[[], Sequence[str]]


def use(
    organization: Organization, key: str, at: datetime, units: int, *, received_at: datetime
) -> None:
    """Report units, counted at once."""
    with transaction():
        entry = ReportedRecord(organization.slug, "requests", key, Decimal(units), at)
        record_batch([entry], now=received_at)
        fold([organization.id], now=received_at)


@pytest.fixture
def acme(db: object) -> Organization:
    """A sealed invoice and the current one: usage under two versions, a fee, and a charge on each.

    The sealed one was cut an hour ago, and the usage on it was reported an hour before that.
    """
    now = utc_now()
    begun = now - timedelta(days=12)
    with transaction():
        acme = make_organization("acme", anchor=begun, now=begun)
        make_service(acme, PriceFactory(code="support", name="Support"), at=begun, now=begun)
        calls = MeteredPriceFactory(code="calls", name="Calls", version__unit_amount=Decimal(100))
        PriceVersionFactory(
            price=calls, effective_at=now - timedelta(days=6), unit_amount=Decimal(300)
        )
        make_service(acme, calls, at=begun, now=begun)
    before = now - timedelta(hours=2)
    use(acme, "early", now - timedelta(days=9), 7, received_at=before)
    use(acme, "dear", now - timedelta(days=5), 2, received_at=before)
    charge(acme, 2500)
    with transaction():
        roll_early(acme, reason="Asked for", actor=SUPPORT, now=now - timedelta(hours=1))
    use(acme, "late", now - timedelta(days=8), 3, received_at=now)
    use(acme, "new", now - timedelta(minutes=20), 11, received_at=now)
    charge(acme, 900)
    return acme


def charge(organization: Organization, cents: int) -> None:
    """Add a charge to the current invoice."""
    with transaction():
        add_adjustment(
            current_invoice(organization), Money(cents, "usd"), reason="Agreed",
            description=f"Of {cents}", actor=SUPPORT, now=utc_now(), key=f"of-{cents}",
        )  # fmt: skip


CALLS = """
    select {}(price_versions.id) from price_versions join prices on prices.id = price_id
    where code = 'calls'
"""
NAMES = {
    "OF_DRAFT": "invoice_id = (select id from invoices where status = 'draft')",
    "OF_SEALED": "invoice_id = (select id from invoices where status = 'sealed')",
    "OLD": f"price_version_id = ({CALLS.format('min')})",
    "NEW": f"price_version_id = ({CALLS.format('max')})",
}


def damage(sql: str) -> None:
    """Change the ledger past the product, and past the triggers that would refuse it."""
    with transaction():
        database.session.execute(text("set local session_replication_role = replica"))
        for name, condition in NAMES.items():
            sql = sql.replace(name, condition)
        for part in sql.split(";"):
            database.session.execute(text(part))


def told(organization: Organization) -> Sequence[str]:
    """Return what a recount says is something else."""
    return list(map(str, recount(organization.id).differences))
