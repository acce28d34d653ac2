"""The demo is made through the real product, and made once however often it is started."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.accounts.models import ApiToken, Membership, User
from dashboard.accounts.sign_in import sign_in
from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Adjustment, Invoice, InvoiceItem
from dashboard.clock import utc_now
from dashboard.extensions import Model
from dashboard.gateway.conformance.api import Api
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.pricing.products import product_of
from dashboard.services.models import Service
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from dashboard.usage.models import UsageRecord
from demo.accounts import seed_token
from demo.api import ApiRefused
from demo.cast import EDITED, ORGANIZATIONS
from demo.ledger import give_credit
from demo.seed import seed
from demo.settings import DemoSettings, demo_password
from demo.users import email_of
from tests.support.stack import Stack

SHOWN = {"paper-lantern", "old-mill", "moonlit-paper", "empty-shelf", EDITED.slug}
CAST = tuple(one for one in ORGANIZATIONS if one.slug in SHOWN)
COUNTED = (
    *(Adjustment, ApiToken, AuditEntry, Invoice, InvoiceItem, Membership, Organization),
    *(Price, Service, SyncRun, UsageRecord, User),
)


@pytest.fixture
def settings(live_stack: Stack, tmp_path: Path) -> DemoSettings:
    """The live stack, as the demo is told of it."""
    return DemoSettings(live_stack.url, tmp_path, live_stack.simulator_url, "sk_test_sandbox")


@pytest.fixture
def stripe(settings: DemoSettings) -> Iterator[Api]:
    """A look at the simulator through Stripe's API."""
    api = Api(settings.stripe_api_base, settings.stripe_api_key)
    yield api
    api.close()


class TwoWanted:
    """An API at which a second person approves every credit."""

    def __init__(self, code: str = "second_person_wanted") -> None:
        self.code = code

    def adjust(self, _slug: str, _body: dict[str, Any]) -> None:
        """Refuse."""
        raise ApiRefused(403, {"detail": "Refused.", "code": self.code})


def test_a_credit_above_the_limit_does_not_end_the_demo() -> None:
    [wanted, *_] = [one for one in ORGANIZATIONS if one.credit_cents]
    give_credit(TwoWanted(), wanted)
    with pytest.raises(ApiRefused):
        give_credit(TwoWanted("forbidden"), wanted)


def test_a_second_start_changes_nothing(
    settings: DemoSettings, db: SQLAlchemy, stripe: Api
) -> None:
    seed(settings, CAST)
    check_who_may_come_in(settings)
    check_the_ledger(db)
    check_stripe(db, stripe)
    token, before = settings.token_file.read_text(), everything(db, stripe)
    seed(settings, CAST)
    assert everything(db, stripe) == before
    assert settings.token_file.read_text() == token


def test_prices_of_an_earlier_demo_get_their_products(
    settings: DemoSettings, db: SQLAlchemy
) -> None:
    seed(settings, CAST)
    with transaction():
        for price in db.session.scalars(select(Price)):
            price.product = "Machines" if price.code == "server-small" else None
    seed(settings, CAST)
    db.session.expire_all()
    products = {price.code: product_of(price) for price in db.session.scalars(select(Price))}
    # What somebody chose stays.
    assert products["server-small"] == "Machines"
    assert (products["server-large"], products["compute"]) == ("Servers", "Compute")


def test_a_token_that_the_database_does_not_know_is_replaced(
    db: SQLAlchemy, tmp_path: Path
) -> None:
    settings = DemoSettings("", tmp_path, "", "")
    first = seed_token(settings, now=utc_now())
    assert seed_token(settings, now=utc_now()) == first
    settings.token_file.write_text("bd_from_another_database")
    second = seed_token(settings, now=utc_now())
    assert settings.token_file.read_text() == second
    live = db.session.scalars(select(ApiToken).where(ApiToken.revoked_at.is_(None))).one()
    assert second.startswith(live.prefix)


def check_who_may_come_in(settings: DemoSettings) -> None:
    """The three sign in with the password that is printed."""
    for role in ("customer", "support", "admin"):
        user = sign_in(email_of(role), demo_password(settings))
        assert user is not None
        assert user.role == role
    assert sign_in(email_of("admin"), "demo") is None


def check_the_ledger(db: SQLAlchemy) -> None:
    """Each organization owes something, those without services nothing; days have a shape."""
    owed = {
        invoice.organization.slug: invoice
        for invoice in db.session.scalars(select(Invoice).where(Invoice.sequence == 1))
    }
    assert {slug for slug, invoice in owed.items() if invoice.total_cents == 0} == {"empty-shelf"}
    assert owed["moonlit-paper"].currency == "jpy"
    assert db.session.scalar(select(func.sum(Adjustment.amount_cents))) == -500
    days = db.session.scalar(
        select(func.count(func.distinct(func.date_trunc("day", UsageRecord.recorded_at, "UTC"))))
        .join(Organization, Organization.id == UsageRecord.organization_id)
        .where(Organization.slug == EDITED.slug)
    )
    assert days in (EDITED.began_days, EDITED.began_days + 1)


def check_stripe(db: SQLAlchemy, stripe: Api) -> None:
    """Cards are left, and one draft holds what somebody did to it."""
    customers = {one["email"]: one for one in stripe.get("customers", limit=100)["data"]}
    assert len(customers) == len(CAST) - 1
    for one in CAST:
        customer = customers.get(f"billing@{one.slug}.example", {})
        card = customer.get("invoice_settings", {}).get("default_payment_method")
        assert (card is not None) == (one.card is not None)
    query = select(Invoice.stripe_invoice_id).join(Invoice.organization)
    edited = db.session.scalar(query.where(Organization.slug == EDITED.slug))
    lines = stripe.get(f"invoices/{edited}/lines", limit=100)["data"]
    assert "Onboarding workshop (added at Stripe)" in {line["description"] for line in lines}


def everything(db: SQLAlchemy, stripe: Api) -> dict[str, Any]:
    """Count the rows and what is at Stripe."""
    db.session.rollback()
    rows: dict[str, Any] = {model.__name__: count(db, model) for model in COUNTED}
    for kind in ("customers", "invoices", "invoiceitems"):
        rows[kind] = sorted(one["id"] for one in stripe.get(kind, limit=100)["data"])
    return rows


def count(db: SQLAlchemy, model: type[Model]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0
