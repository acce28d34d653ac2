"""A version is added while somebody else changes who has the price: each fact reaches the bill."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.billing.draft import current_invoice
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.pricing.catalog import add_version
from dashboard.pricing.models import Price
from dashboard.pricing.terms import Terms
from dashboard.services.attach import attach_service
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.known import Attachment
from dashboard.services.models import Service
from dashboard.transaction import transaction
from tests.factories import APRIL, SUPPORT, PriceFactory, make_organization, make_service

# Of the thirty days of April: three at the old price, then twenty-seven at twice that.
TENTH, ADDED, IN_FORCE = (APRIL + timedelta(days=days) for days in (1, 2, 3))
WAITING = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")


@pytest.fixture
def fee(db) -> Price:
    """Thirty dollars a cycle."""
    with transaction():
        return PriceFactory(code="fee", version__unit_amount=Decimal(3000))


def organization(slug: str) -> Organization:
    with transaction():
        return make_organization(now=APRIL, slug=slug)


def attached(fee: Price, slug: str) -> int:
    """Return the service of a new organization that has had the fee from the first day."""
    acme = organization(slug)
    with transaction():
        return make_service(acme, fee, at=APRIL, now=APRIL).id


def double(app: Flask) -> None:
    """Add a version at twice the price."""
    with app.app_context(), transaction():
        price = database.session.query(Price).filter_by(code="fee").one()
        terms = Terms("per_unit", Decimal(6000), "usd", price.unit_label)
        add_version(price, terms, effective_at=IN_FORCE, now=ADDED, actor=SUPPORT)


@contextmanager
def while_a_version_is_added(app: Flask) -> Iterator[None]:
    """Do the block's work, uncommitted, and let a version come in between; both end."""
    adding = Thread(target=double, args=(app,))
    with transaction():
        yield
        adding.start()
        wait_until(lambda: not adding.is_alive() or somebody_waits())
    adding.join(20)
    assert not adding.is_alive()


def somebody_waits() -> bool:
    with database.engine.connect() as other:
        return bool(other.scalar(WAITING))


def wait_until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def billed(slug: str) -> int:
    database.session.expire_all()
    return current_invoice(
        database.session.query(Organization).filter_by(slug=slug).one()
    ).total_cents


def quintuple(service: Service) -> None:
    change_quantity(service, Decimal(5), at=TENTH, now=ADDED, actor=SUPPORT)


def end(service: Service) -> None:
    detach_service(service, at=TENTH, now=ADDED, actor=SUPPORT)


@pytest.mark.parametrize(("act", "cents"), [(quintuple, 100 + 2 * 500 + 27 * 1000), (end, 100)])
def test_what_is_changed_while_a_version_is_added_is_billed_as_changed(
    app, fee, act, cents
) -> None:
    services = [attached(fee, slug) for slug in ("acme", "other")]
    with while_a_version_is_added(app):
        act(database.session.get_one(Service, services[1]))
    assert billed("acme") == 3 * 100 + 27 * 200
    assert billed("other") == cents


def test_what_is_attached_while_a_version_is_added_is_billed_by_both(app, fee) -> None:
    attached(fee, "acme")
    late = organization("late")
    with while_a_version_is_added(app):
        price = database.session.query(Price).filter_by(code="fee").one()
        attach_service(late, price, Attachment(at=APRIL), now=ADDED, actor=SUPPORT)
    assert billed("late") == billed("acme") == 3 * 100 + 27 * 200
