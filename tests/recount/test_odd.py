"""What is unusual and right is no difference."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import text

from dashboard.billing.fold import fold
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.recount.look import recount_in
from dashboard.recount.read import read_facts, snapshot
from dashboard.recount.usage import read_usage
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from dashboard.usage.forget import forget_keys
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT, MeteredPriceFactory, make_organization, make_service
from tests.recount.conftest import damage, told, use


def calls_of(organization: Organization) -> Service:
    query = database.select(Service).where(
        Service.organization_id == organization.id, Service.price.has(code="calls")
    )
    return database.session.scalars(query).one()


def test_an_end_told_after_a_seal_takes_usage_off_and_is_no_difference(acme: Organization) -> None:
    with transaction():
        at = utc_now() - timedelta(days=7)
        detach_service(calls_of(acme), at=at, now=utc_now(), actor=SUPPORT)
    assert told(acme) == []


def test_keys_that_were_forgotten_are_not_missed(acme: Organization) -> None:
    with transaction():
        forget_keys(0, before=utc_now() - timedelta(hours=1), most=10**6)
    assert database.session.scalar(text("select count(*) from usage_keys")) == 1
    assert told(acme) == []


def test_usage_that_two_services_of_one_price_may_have_caused(acme: Organization) -> None:
    now = utc_now()
    with transaction():
        price = calls_of(acme).price
        make_service(acme, price, at=now - timedelta(days=2), now=now, external_id="b")
    use(acme, "either", now - timedelta(days=1), 4, received_at=now)
    assert told(acme) == []


def test_usage_that_a_second_price_made_ambiguous_stays_where_it_was(db: object) -> None:
    now = utc_now()
    begun = now - timedelta(days=5)
    with transaction():
        shop = make_organization("shop", anchor=begun, now=begun)
        make_service(shop, MeteredPriceFactory(code="one"), at=begun, now=begun, external_id="a")
    use(shop, "first", begun + timedelta(days=1), 4, received_at=now)
    with transaction():
        make_service(
            shop, MeteredPriceFactory(code="two"), at=now - timedelta(days=1), now=now,
            external_id="b",
        )  # fmt: skip
    assert told(shop) == []


def test_many_records_of_one_cycle_come_to_one_sum(acme: Organization) -> None:
    now = utc_now()
    for part in range(50):
        entries = [
            ReportedRecord("acme", "requests", f"{part}-{n}", Decimal(1), now) for n in range(1000)
        ]
        with transaction():
            record_batch(entries, now=now)
    with transaction():
        fold([acme.id], now=now)
    with snapshot() as connection:
        found = recount_in(connection, acme.id)
    assert (found.records, list(map(str, found.differences))) == (50_004, [])
    damage("update usage_totals set quantity = quantity - 1 where quantity > 1000")
    [one] = told(acme)
    assert "50010 units are counted" in one.replace(",", "") or "50,0" in one


def test_what_is_counted_meanwhile_is_seen_whole_or_not_at_all(acme: Organization) -> None:
    with transaction():
        entry = ReportedRecord("acme", "requests", "meanwhile", Decimal(5), utc_now())
        record_batch([entry], now=utc_now())
    with snapshot() as connection:
        before = read_facts(connection, acme.id)
        with transaction():
            fold([acme.id], now=utc_now())
        assert before is not None
        assert sum(read_usage(connection, before).still_waiting.values()) == 5
        assert list(map(str, recount_in(connection, acme.id).differences)) == []
    assert told(acme) == []


def test_a_snapshot_writes_nothing_and_waits_for_nobody(acme: Organization) -> None:
    with snapshot() as connection:
        assert connection.scalar(text("show transaction_read_only")) == "on"
        assert connection.scalar(text("show transaction_isolation")) == "repeatable read"
