"""The catalogue: prices and versions are made, never changed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from dashboard.audit.models import AuditEntry
from dashboard.billing.draft import current_invoice
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.pricing.catalog import (
    NewPrice,
    PriceExists,
    add_version,
    create_price,
    list_prices,
    price_by_code,
)
from dashboard.pricing.rating import AmountTooLarge
from dashboard.pricing.terms import Terms, Tier
from dashboard.pricing.versions import (
    FOREVER,
    load_windows,
    load_windows_of,
    terms_of,
    version_at,
    windows_of,
)
from tests.factories import APRIL, NOW, SUPPORT, make_organization, make_service
from tests.support.queries import count_queries
from tests.support.rating import FEE

LATER = NOW + timedelta(days=5, hours=12)


OF_EVERY_MODEL = [
    Terms("flat", Decimal(2000), "usd", "request"),
    Terms("per_unit", Decimal("0.05"), "jpy", "request", Decimal(1000)),
    Terms("package", Decimal(300), "usd", "request", package_size=Decimal("2.5")),
    Terms("graduated", Decimal(0), "usd", "request", tiers=(Tier(None, Decimal(7), Decimal(1)),)),
    Terms(
        "volume", Decimal(0), "usd", "request",
        tiers=(Tier(Decimal(10), Decimal("2.5"), Decimal(100)), Tier(None, Decimal(1))),
    ),
]  # fmt: skip


def fee(terms=FEE, *, at=APRIL, now=NOW, **more):
    wanted = {"code": "database", "name": "Database", "kind": "recurring", "terms": terms} | more
    return create_price(NewPrice(**wanted), effective_at=at, now=now, actor=SUPPORT)


def change(price, unit_amount=6000, at=LATER):
    terms = Terms("per_unit", Decimal(unit_amount), "usd", "database")
    return add_version(price, terms, effective_at=at, now=NOW, actor=SUPPORT)


def test_the_same_price_again_is_one(db):
    assert fee() is fee() is fee(at=None) is fee(at=APRIL + timedelta(microseconds=1))
    changes = [
        {"terms": Terms("per_unit", Decimal(1), "usd", "database")},
        {"name": "Databases"},
        {"kind": "metered", "meter": "requests"},
        {"at": LATER},
    ]
    for change_of in changes:
        with pytest.raises(PriceExists) as refused:
            fee(**change_of)
        assert refused.value.code == "price_exists"


def test_a_price_is_compared_by_its_earliest_version_whichever_was_added_first(db):
    later = LATER + timedelta(days=30)
    price = fee(at=later)
    change(price, 1000)
    cheaper = Terms("per_unit", Decimal(1000), "usd", "database")
    assert fee(cheaper, at=LATER) is price
    with pytest.raises(PriceExists):
        fee(at=later)


def test_a_price_without_an_instant_is_in_force_from_now_to_the_second(db):
    price = fee(at=None, now=NOW + timedelta(milliseconds=900))
    assert [version.effective_at for version in price.versions] == [NOW]


@pytest.mark.parametrize("wrong", [{"kind": "metered"}, {"meter": "requests"}])
def test_a_metered_price_and_no_other_names_its_meter(db, wrong):
    with pytest.raises(Invalid) as refused:
        fee(**wrong)
    assert refused.value.facts == {"field": "meter"}


@pytest.mark.parametrize("terms", OF_EVERY_MODEL, ids=lambda terms: terms.model)
def test_terms_come_back_from_the_database_as_they_were(db, terms):
    requests = {"code": "requests", "name": "Requests", "kind": "metered", "meter": "requests"}
    fee(terms, **requests)
    db.session.commit()
    price = price_by_code("requests")
    assert {key: getattr(price, key) for key in requests} == requests
    assert price.created_at == price.versions[0].created_at == NOW
    assert [terms_of(version) for version in price.versions] == [terms]


def test_a_currency_that_stripe_does_not_take_is_refused(db):
    with pytest.raises(Invalid):
        fee(replace(FEE, currency="zzz"))


def test_prices_are_listed_by_code_and_found_by_it(db):
    last, first = fee(code="b"), fee(code="a")
    change(last)
    db.session.commit()
    assert list_prices() == [first, last]
    with count_queries(db.engine) as queries:
        assert [len(price.versions) for price in list_prices()] == [1, 2]
    assert queries.count == 2
    assert price_by_code("b") is last
    with pytest.raises(NotFound):
        price_by_code("c")


def test_the_audit_trail_tells_what_a_price_costs_and_from_when(db):
    volume = OF_EVERY_MODEL[-1]
    price = fee(volume)
    dearer = replace(volume, allowance=Decimal("0.5"))
    add_version(price, dearer, effective_at=LATER, now=NOW, actor=SUPPORT)
    created, changed = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    assert (created.action, changed.action) == ("price.created", "price.changed")
    assert {(entry.at, entry.subject_id, entry.actor_label) for entry in (created, changed)} == {
        (NOW, price.id, SUPPORT.label)
    }
    tiers = [
        {"up_to": "10", "unit_amount": "2.5", "flat_amount": "100"},
        {"up_to": None, "unit_amount": "1", "flat_amount": "0"},
    ]
    facts = {"code": "database", "model": "volume", "unit_amount": "0", "allowance": "0"}
    facts |= {"currency": "usd", "tiers": tiers, "effective_at": "2026-04-01T00:00:00+00:00"}
    assert created.facts == facts
    assert changed.facts == facts | {
        "allowance": "0.5", "effective_at": "2026-04-16T00:00:00+00:00",
    }  # fmt: skip


def test_the_audit_trail_tells_the_size_of_a_package(db):
    fee(next(terms for terms in OF_EVERY_MODEL if terms.package_size))
    [created] = db.session.scalars(select(AuditEntry))
    assert created.facts["package_size"] == "2.5"


def test_a_version_is_in_force_from_its_instant_until_the_next(db):
    price = fee()
    second = change(price)
    db.session.refresh(price)
    first, last = windows_of(price.versions)
    assert (first.start, first.end, last.start) == (APRIL, LATER, LATER)
    assert version_at(price, LATER) is second
    assert version_at(price, LATER - timedelta(seconds=1)) is first.version
    assert version_at(price, APRIL - timedelta(seconds=1)) is None
    assert last.end == FOREVER
    assert first.all == last.all == [first, last]


def test_windows_are_loaded_for_several_prices_whose_versions_alternate(db):
    one, other, none_of_them = fee(code="one"), fee(code="other"), fee(code="third")
    change(one)
    change(other, at=LATER + timedelta(days=1))
    db.session.commit()
    wanted = {one.id: windows_of(one.versions), other.id: windows_of(other.versions)}
    assert load_windows([one.id, other.id]) == wanted
    assert none_of_them.id not in load_windows([one.id, other.id])
    # By one version of each: with it come the windows of all versions of its price.
    loaded = load_windows_of([one.versions[0].id, other.versions[1].id])
    assert list(loaded.values()) == wanted[one.id] + wanted[other.id]
    assert all(loaded[window.version.id] is window for window in loaded.values())


def test_windows_bring_their_prices_with_them_in_one_query(db):
    versions = [fee(code=code).versions[0].id for code in "abc"]
    db.session.commit()
    db.session.expunge_all()
    with count_queries(db.engine) as queries:
        windows = load_windows_of(versions).values()
        assert [window.price.code for window in windows] == ["a", "b", "c"]
    assert queries.count == 1


def test_a_new_version_reaches_the_open_invoices_in_the_same_transaction(db):
    price, organization = fee(), make_organization()
    make_service(organization, price, at=APRIL)
    change(price)
    invoice = current_invoice(organization)
    db.session.refresh(invoice)
    assert sorted(item.amount_cents for item in invoice.items) == [1500, 3000]
    assert invoice.total_cents == 4500


def test_a_version_can_not_begin_before_what_may_be_recorded_already(db):
    price = fee()
    with pytest.raises(Invalid, match=r"after \d+ \w+ 2026, \d\d:05:00 UTC") as refused:
        change(price, at=NOW + timedelta(seconds=300))
    assert refused.value.facts == {"field": "effective_at"}
    assert change(price, at=NOW + timedelta(seconds=301, milliseconds=900)).effective_at == (
        NOW + timedelta(seconds=301)
    )


def test_a_version_that_no_line_of_its_holders_could_hold_is_refused(db):
    price = fee()
    make_service(make_organization(), price, at=APRIL, quantity=Decimal(1001))
    with pytest.raises(AmountTooLarge):
        change(price, 10**12)  # 1001 of them are 10^12 more than a line holds
    assert change(price, 10**12 - 10**9).unit_amount == 999 * 10**9


def test_a_version_is_never_replaced(db):
    price = fee()
    assert change(price) is change(price)
    with pytest.raises(Conflict, match="never change"):
        change(price, 7000)
    for currency, unit_label in (("eur", "database"), ("usd", "cluster")):
        other = Terms("per_unit", Decimal(1), currency, unit_label)
        with pytest.raises(Invalid) as refused:
            add_version(price, other, effective_at=LATER, now=NOW, actor=SUPPORT)
        assert refused.value.facts == {"field": "currency"}


def test_the_database_itself_refuses_to_change_a_version(db):
    version = fee().versions[0]
    version.unit_amount = Decimal(1)
    with pytest.raises(DBAPIError, match="its rows are facts"):
        db.session.flush()
