"""Recording usage: once each, all or nothing, on the bill at once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dashboard.billing.close import seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_early, roll_over
from dashboard.pricing.models import Price
from dashboard.services.detach import detach_service
from dashboard.usage.models import UsageRecord, UsageTotal
from dashboard.usage.record import record_batch as accept_batch
from dashboard.usage.reported import BatchRefused, ReportedRecord
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceVersionFactory,
    make_service,
)
from tests.support.queries import count_queries
from tests.support.usage import record_batch

DAY = timedelta(days=1)


def entry(key="a", quantity="1", at=NOW, **more):
    known = {"organization": "acme", "meter": "requests"}
    return ReportedRecord(key=key, quantity=Decimal(quantity), recorded_at=at, **(known | more))


def codes(refused):
    return [(one["index"], one["code"]) for one in refused.value.facts["errors"]]


def test_usage_moves_the_item_and_the_daily_totals(acme, db):
    record_batch([entry("a", "10"), entry("b", "2.5", NOW - DAY)], now=NOW)
    record_batch([entry("c", "1")], now=NOW)
    [item] = current_invoice(acme).items
    assert (item.quantity, item.amount_cents) == (Decimal("13.5"), 68)
    totals = db.session.execute(select(UsageTotal.day, UsageTotal.quantity)).all()
    assert sorted(totals) == [(NOW.date() - DAY, Decimal("2.5")), (NOW.date(), Decimal(11))]
    assert current_invoice(acme).revision == 2


def test_a_key_counts_once_whatever_batch_repeats_it(acme, db):
    record_batch([entry("a", "10")], now=NOW)
    result = record_batch([entry("a", "10.0"), entry("b"), entry("b")], now=NOW)
    assert (result.recorded, result.duplicates) == (1, [0, 2])
    assert current_invoice(acme).items[0].quantity == 11
    assert db.session.scalar(select(func.count()).select_from(UsageRecord)) == 2


def test_a_repeated_batch_changes_nothing_even_when_it_has_grown_old(acme):
    record_batch([entry("a")], now=NOW)
    before = current_invoice(acme).revision
    assert record_batch([entry("a")], now=NOW + 20 * DAY).duplicates == [0]
    assert current_invoice(acme).revision == before


def test_a_key_used_for_something_else_is_refused_by_index(acme):
    record_batch([entry("a", "1")], now=NOW)
    with pytest.raises(BatchRefused) as refused:
        record_batch([entry("b"), entry("a", "2")], now=NOW)
    assert codes(refused) == [(1, "key_reused")]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"organization": "nobody"}, "unknown_organization"),
        ({"meter": "steam"}, "unknown_meter"),
        ({"service": "db"}, "unknown_service"),
        ({"at": NOW + timedelta(seconds=301)}, "too_far_ahead"),
        ({"at": NOW - 36 * DAY}, "too_old"),
        ({"at": APRIL - timedelta(seconds=1)}, "before_first_cycle"),
        ({"quantity": "-1"}, "quantity_out_of_bounds"),
        ({"quantity": "NaN"}, "quantity_out_of_bounds"),
        ({"quantity": "0.0000000000001"}, "quantity_too_fine"),
    ],
)
def test_what_can_not_be_counted_is_refused_by_index_and_nothing_is_kept(acme, db, wrong, code):
    with pytest.raises(BatchRefused) as refused:
        record_batch([entry("good"), entry("bad", **wrong)], now=NOW)
    assert codes(refused) == [(1, code)]
    assert db.session.scalar(select(func.count()).select_from(UsageRecord)) == 0
    assert record_batch([entry("good")], now=NOW).recorded == 1


def test_usage_of_a_detached_service_is_refused_from_then_on(acme, db):
    service = make_service(acme, MeteredPriceFactory(meter="disk"), at=APRIL)
    detach_service(service, at=NOW - DAY, now=NOW, actor=SUPPORT)
    record_batch([entry("a", meter="disk", at=NOW - DAY - timedelta(seconds=1))], now=NOW)
    with pytest.raises(BatchRefused) as refused:
        record_batch([entry("b", meter="disk", at=NOW - DAY)], now=NOW)
    assert codes(refused) == [(0, "not_attached")]


def test_usage_of_two_prices_on_one_meter_must_name_the_service(acme):
    make_service(acme, MeteredPriceFactory(), at=APRIL, external_id="batch")
    with pytest.raises(BatchRefused) as refused:
        record_batch([entry()], now=NOW)
    assert codes(refused) == [(0, "ambiguous_meter")]
    record_batch([entry("a", service="web"), entry("b", service="batch")], now=NOW)
    assert len(current_invoice(acme).items) == 2


def test_services_on_one_price_share_its_item_and_are_told_apart_in_the_totals(acme, db):
    price = acme_price(db)
    make_service(acme, price, at=APRIL, external_id="api")
    record_batch([entry("a", service="web"), entry("b", service="api"), entry("c")], now=NOW)
    [item] = current_invoice(acme).items
    assert item.quantity == 3
    assert db.session.scalar(select(func.count()).select_from(UsageTotal)) == 3


def acme_price(db):
    return db.session.scalar(select(Price).where(Price.code == "requests"))


def test_each_version_of_a_price_has_its_own_item(acme, db):
    change = NOW - 2 * DAY
    PriceVersionFactory(price=acme_price(db), effective_at=change, unit_amount=Decimal(100))
    record_batch([entry("a", at=change - timedelta(seconds=1)), entry("b", at=change)], now=NOW)
    items = current_invoice(acme).items
    assert sorted(item.amount_cents for item in items) == [5, 100]
    assert {item.period_end for item in items} == {change, current_invoice(acme).period_end}


def test_usage_after_the_boundary_rolls_the_cycle_first(acme, db, invoices):
    may = APRIL + 30 * DAY
    record_batch([entry("a", "1", may - DAY), entry("b", "2", may)], now=may + DAY)
    april, current = invoices()
    assert (april.status, current.status) == ("closing", "draft")
    assert [item.quantity for item in april.items] == [1]
    assert [item.quantity for item in current.items] == [2]


def test_usage_of_a_cycle_not_yet_open_is_refused_until_it_is(acme):
    may = APRIL + 30 * DAY
    with pytest.raises(BatchRefused) as refused:
        record_batch([entry("a", at=may)], now=may - timedelta(seconds=10))
    assert codes(refused) == [(0, "cycle_not_open")]
    assert record_batch([entry("a", at=may)], now=may).recorded == 1


def test_late_usage_of_a_sealed_cycle_is_its_own_item_on_the_current_invoice(acme, db, invoices):
    may = APRIL + 30 * DAY
    roll_over(acme, now=may)
    seal([invoices()[0].id], now=may + DAY)
    record_batch([entry("a", "3"), entry("b", "2", may)], now=may + 2 * DAY)
    april, current = invoices()
    assert april.items == []
    late = next(item for item in current.items if item.cycle_id == april.cycle_id)
    assert (late.description, late.quantity) == ("API requests, late usage", 3)
    assert (late.period_start, late.period_end) == (APRIL, may)
    assert len(current.items) == 2


def test_tiers_go_on_where_an_early_roll_cut_the_invoice(acme, db, invoices):
    price = MeteredPriceFactory(meter="disk", version=None)
    tiers = [
        {"up_to": "10", "unit_amount": "100", "flat_amount": "0"},
        {"up_to": None, "unit_amount": "1", "flat_amount": "0"},
    ]
    PriceVersionFactory(price=price, model="graduated", tiers=tiers, allowance=Decimal(5))
    make_service(acme, price, at=APRIL)
    record_batch([entry("a", "12", meter="disk")], now=NOW)
    roll_early(acme, reason="Moving", actor=SUPPORT, now=NOW + DAY)
    record_batch([entry("b", "10", NOW + 2 * DAY, meter="disk")], now=NOW + 2 * DAY)
    first, second = invoices()
    assert [item.amount_cents for item in first.items] == [700]
    assert [(item.quantity, item.amount_cents) for item in second.items] == [(10, 307)]
    assert second.items[0].trace["billed_before_cents"] == 700


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(acme, db):
    batches = [
        [entry(f"{size}-{n}", at=NOW - timedelta(minutes=n)) for n in range(size)]
        for size in (1, 500)
    ]
    counts = []
    for batch in batches:
        db.session.expire_all()
        with count_queries(db.engine) as queries:
            accept_batch(batch, now=NOW)
        counts.append(queries.count)
    # Refused under the books of an acme of before, three to read them, and once more.
    assert counts[1] <= counts[0] <= 5
