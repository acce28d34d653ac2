"""Instants are UTC whatever the zone of the server, its role or its host."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from dashboard import readiness
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import BillingCycle
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import PriceFactory, make_organization, make_service
from tests.support.services import SERVER_ZONE

ANCHOR = datetime(2026, 10, 31, 2, tzinfo=UTC)
ZONES = [SERVER_ZONE, "Asia/Kolkata", "Europe/Dublin", "<+13:45>-13:45", "UTC"]


@pytest.fixture(params=ZONES)
def zone(request, db):
    """A zone that the session's server writes instants in."""
    db.session.execute(text("select set_config('TimeZone', :zone, false)"), {"zone": request.param})
    return request.param


def test_every_test_runs_against_a_server_in_a_zone_with_daylight_saving(db):
    assert db.session.scalar(text("show TimeZone")) == SERVER_ZONE


def test_an_instant_comes_back_in_utc(zone, db):
    make_organization(anchor=ANCHOR, now=ANCHOR)
    db.session.expire_all()
    found = db.session.scalar(select(Organization))
    assert (found.cycle_anchor_at, found.cycle_anchor_at.tzinfo) == (ANCHOR, UTC)


@pytest.mark.parametrize(
    "instant", ["1970-01-01 00:00:00+00", "2026-11-01 09:30:00.25+00", "2999-12-31 23:59:59.999999"]
)
def test_an_instant_of_a_query_without_a_model_comes_back_in_utc(zone, db, instant):
    query = text("select cast(:at as timestamptz), array[cast(:at as timestamptz)]")
    wanted = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    one, many = db.session.execute(query, {"at": wanted}).one()
    assert (one, one.tzinfo, many, many[0].tzinfo) == (wanted, UTC, [wanted], UTC)


def test_an_instant_that_no_calendar_has_is_refused_by_name(db):
    with pytest.raises(StatementError, match="'infinity' is not an instant"):
        db.session.scalar(text("select timestamptz 'infinity'"))


def test_an_instant_without_a_zone_is_not_sent(db):
    naive = ANCHOR.replace(tzinfo=None)
    with pytest.raises(StatementError, match="2026-10-31 02:00:00 has no zone"):
        db.session.scalar(select(Organization).where(Organization.created_at < naive))


def test_a_cycle_ends_on_the_anchors_day_in_utc(zone, db):
    make_organization(anchor=ANCHOR, now=ANCHOR)
    db.session.expire_all()
    cycle = db.session.scalar(select(BillingCycle))
    assert cycle.ends_at == datetime(2026, 11, 30, 2, tzinfo=UTC)


def test_a_fee_from_the_tenth_is_prorated_over_utc_days(db):
    with transaction():
        organization = make_organization(anchor=ANCHOR, now=ANCHOR)
        fee = PriceFactory(version__unit_amount=Decimal(300_000))
    attached = datetime(2026, 11, 10, tzinfo=UTC)
    with transaction():
        make_service(organization, fee, now=attached, at=attached)
    assert current_invoice(organization).total_cents == 200_833


def test_readiness_says_whether_instants_arrive_in_utc(client):
    assert client.get("/readyz").json["instants"] == "ok"


def test_a_server_whose_instants_cannot_be_read_is_not_ready(app, db):
    db.session.execute(text("select set_config('DateStyle', 'German', false)"))
    assert readiness.instants().state == "unreadable: DataError"
