"""Each change of a line is kept with its cause and what was before, once, and for good."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from dashboard.audit.actor import STRIPE
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.carry import carry_over
from dashboard.billing.change_models import ItemChange
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import count_now
from dashboard.billing.models import InvoiceItem
from dashboard.billing.roll import roll_early, roll_over
from dashboard.money import Money
from dashboard.pricing.catalog import add_version
from dashboard.pricing.versions import terms_of
from dashboard.reading.history import read_history
from dashboard.reading.history_query import FACTS, HistoryFilter
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.history import check_history, history_of
from tests.support.queries import count_queries

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def acme(db):
    """An organization with two databases at $30 a month and metered requests at 5 cents."""
    organization = make_organization("acme", anchor=APRIL, now=APRIL)
    make_service(organization, MeteredPriceFactory(), now=APRIL, at=APRIL)
    fee = PriceFactory(code="database", version__unit_amount=Decimal(3000))
    make_service(organization, fee, now=APRIL, at=APRIL, label="db-1", quantity=Decimal(2))
    db.session.commit()
    return organization


def use(acme, key, units, now):
    """Report and count units of requests."""
    record_batch([ReportedRecord(acme.slug, "requests", key, Decimal(units), now)], now=now)
    count_now(acme.id, now=now)
    current_invoice(acme)


def told_of(db, acme):
    """Return what each change says, oldest first."""
    db.session.commit()
    check_history(acme.id)
    return [
        (told.cause, told.actor_label, told.cents_before, told.cents)
        for told in history_of(acme.id)
    ]


def fee_service(acme):
    return next(item.service for item in current_invoice(acme).items if item.kind == "recurring")


def test_usage_of_an_hour_is_one_change_and_that_of_the_next_another(db, acme):
    for minutes, units in ((0, "10"), (20, "5"), (59, "1"), (60, "4"), (61, "2")):
        use(acme, f"at-{minutes}", units, NOW + minutes * MINUTE)
        db.session.commit()
    usage = [told for told in history_of(acme.id) if told.cause == "usage"]
    assert [(told.cents_before, told.cents) for told in usage] == [(0, 80), (80, 110)]
    assert [(told.quantity_before, told.quantity) for told in usage] == [(0, 16), (16, 22)]
    assert [(told.changed_at, told.ended_at) for told in usage] == [
        (NOW, NOW + 59 * MINUTE), (NOW + HOUR, NOW + HOUR + MINUTE),
    ]  # fmt: skip
    assert db.session.scalar(select(func.count()).select_from(ItemChange)) == 1


def test_an_hour_that_goes_on_writes_nothing_but_the_line(db, acme):
    use(acme, "a", "10", NOW)
    db.session.commit()
    before = db.session.scalar(select(func.count()).select_from(ItemChange))
    for minute in range(1, 30):
        use(acme, f"a-{minute}", "1", NOW + minute * MINUTE)
        db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(ItemChange)) == before


def test_a_discrete_fact_parts_the_usage_of_an_hour(db, acme):
    use(acme, "a", "10", NOW)
    use(acme, "b", "1", NOW + MINUTE)
    db.session.commit()
    second = make_service(
        acme, MeteredPriceFactory(meter="calls"), now=NOW + 2 * MINUTE, at=NOW - DAY, label="calls"
    )
    record_batch([ReportedRecord("acme", "calls", "c", Decimal(7), NOW)], now=NOW + 3 * MINUTE)
    count_now(acme.id, now=NOW + 3 * MINUTE)
    db.session.commit()
    detach_service(second, at=NOW - HOUR, now=NOW + 4 * MINUTE, actor=SUPPORT)
    causes = [told[0] for told in told_of(db, acme)]
    assert causes == ["attach", "usage", "usage", "detach"]


def test_facts_bear_who_told_them_and_what_was_before(db, acme):
    service = fee_service(acme)
    change_quantity(service, Decimal(3), at=APRIL + 6 * DAY, now=NOW, actor=SUPPORT)
    db.session.commit()
    amount = Money(-500, "usd")
    add_adjustment(
        current_invoice(acme), amount, reason="Outage", description="Credit", actor=SUPPORT,
        now=NOW + HOUR, key="k",
    )  # fmt: skip
    db.session.commit()
    detach_service(service, at=NOW + DAY, now=NOW + DAY, actor=SUPPORT)
    assert told_of(db, acme) == [
        ("attach", SUPPORT.label, 0, 6000),
        ("quantity", SUPPORT.label, 6000, 8400),
        ("adjustment", SUPPORT.label, 0, -500),
        ("detach", SUPPORT.label, 8400, 2550),
    ]


def test_a_new_version_of_a_price_is_a_cause(db, acme):
    price = fee_service(acme).price
    add_version(
        price, terms_of(price.versions[0]).__class__("per_unit", Decimal(6000), "usd", "database"),
        effective_at=APRIL + 15 * DAY, now=NOW, actor=SUPPORT,
    )  # fmt: skip
    causes = told_of(db, acme)
    assert causes[1:] == [
        ("price_version", SUPPORT.label, 6000, 3000),
        ("price_version", SUPPORT.label, 0, 6000),
    ]


def test_the_next_period_begins_by_the_clock_and_an_early_end_by_who_rolled(db, acme):
    roll_early(acme, reason="Moving", actor=SUPPORT, now=APRIL + 10 * DAY)
    db.session.commit()
    roll_over(acme, now=APRIL + 30 * DAY)
    causes = told_of(db, acme)
    assert causes[1] == ("cycle", SUPPORT.label, 6000, 2000)
    assert {told[:2] for told in causes[2:]} == {("cycle", "System")}


def test_what_stripe_issued_without_leaves_its_line_and_comes_to_the_next_invoice(db, acme):
    invoice = current_invoice(acme)
    [fee] = invoice.items
    seal_now(invoice, now=APRIL + 30 * DAY)
    carry_over(invoice, {fee.key: 4000}, now=APRIL + 30 * DAY)
    causes = told_of(db, acme)
    assert [told for told in causes if told[0] == "sync"] == [
        ("sync", STRIPE.label, 6000, 4000), ("sync", STRIPE.label, 0, 2000),
    ]  # fmt: skip


def test_a_clock_that_is_set_back_keeps_the_order(db, acme):
    use(acme, "a", "10", NOW + HOUR)
    db.session.commit()
    use(acme, "b", "1", NOW)
    db.session.commit()
    change_quantity(fee_service(acme), Decimal(3), at=NOW, now=NOW + HOUR, actor=SUPPORT)
    db.session.commit()
    change_quantity(fee_service(acme), Decimal(4), at=NOW + MINUTE, now=NOW, actor=SUPPORT)
    assert [told[0] for told in told_of(db, acme)].count("quantity") == 2


def test_what_is_kept_is_neither_changed_nor_deleted(db, acme):
    use(acme, "a", "10", NOW)
    use(acme, "b", "10", NOW + HOUR)
    db.session.commit()
    for act in (update(ItemChange).values(cents=1), delete(ItemChange)):
        with pytest.raises(DBAPIError, match="its rows are facts"):
            db.session.execute(act)
        db.session.rollback()


def test_what_older_code_writes_is_part_of_the_last_change(db, acme):
    use(acme, "a", "10", NOW)
    db.session.commit()
    db.session.execute(
        text("update invoice_items set quantity = 12, amount_cents = 60 where kind = 'metered'")
    )
    db.session.execute(text("update invoices set total_cents = total_cents + 10"))
    db.session.commit()
    use(acme, "b", "1", NOW + HOUR)
    usage = [told[2:] for told in told_of(db, acme) if told[0] == "usage"]
    assert usage == [(0, 60), (60, 65)]


def test_a_line_from_before_history_was_kept_says_what_it_came_to(db, acme):
    use(acme, "a", "10", NOW)
    db.session.commit()
    db.session.execute(text("update invoice_items set changed_at = null, cause = null,"
                            " actor_kind = null, actor_label = null, actor_id = null"))  # fmt: skip
    db.session.execute(text("set session_replication_role = replica"))
    db.session.execute(text("delete from item_changes"))
    db.session.execute(text("update invoice_items set change_number = 1, cents_before = 0,"
                            " quantity_before = 0, changed_at = null"))  # fmt: skip
    db.session.execute(text("set session_replication_role = origin"))
    db.session.commit()
    use(acme, "b", "2", NOW + HOUR)
    assert [(told[0], told[2], told[3]) for told in told_of(db, acme)] == [
        (None, 0, 6000), (None, 0, 50), ("usage", 50, 60),
    ]  # fmt: skip


def test_a_line_that_somebody_deletes_is_remembered(db, acme):
    use(acme, "a", "10", NOW)
    db.session.commit()
    db.session.execute(delete(InvoiceItem).where(InvoiceItem.kind == "metered"))
    db.session.execute(text("update invoices set total_cents = total_cents - 50"))
    assert told_of(db, acme)[-1] == ("correction", None, 50, 0)


def test_filters_keep_what_they_say_with_the_invoice_total_of_all(db, acme):
    use(acme, "a", "10", NOW)
    use(acme, "b", "10", NOW + HOUR)
    use(acme, "c", "10", NOW + DAY)
    change_quantity(fee_service(acme), Decimal(3), at=NOW, now=NOW + DAY, actor=SUPPORT)
    db.session.commit()

    def found(**wanted):
        rows = read_history(HistoryFilter(acme.id, **wanted)).rows
        return [(told.cause, told.invoice_cents) for told in rows]

    everything = found()
    assert found(cause="usage") == [one for one in everything if one[0] == "usage"]
    assert found(cause=FACTS) == [one for one in everything if one[0] != "usage"]
    assert found(product="API requests") == found(cause="usage")
    assert found(product="Nothing") == []
    assert found(first=(NOW + DAY).date()) == everything[:2]
    assert found(last=NOW.date()) == everything[2:]
    [metered] = [item for item in current_invoice(acme).items if item.kind == "metered"]
    assert found(item_id=metered.id) == found(cause="usage")


def test_it_is_read_page_by_page_in_one_statement_each(db, acme):
    for hour in range(7):
        use(acme, f"a-{hour}", "1", NOW + hour * HOUR)
        db.session.commit()
    wanted, before, seen = HistoryFilter(acme.id), None, []
    while True:
        with count_queries(db.engine) as queries:
            page = read_history(wanted, before=before, size=3)
        assert queries.count == 1
        seen += page.rows
        if page.before is None:
            break
        before = page.before
    assert [told.invoice_cents for told in seen] == [6035, 6030, 6025, 6020, 6015, 6010, 6005, 6000]
    assert seen[::-1] == history_of(acme.id)
