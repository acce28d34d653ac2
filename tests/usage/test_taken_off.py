"""Usage and a backdated detachment give one bill, whichever came first."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import InvoiceItem
from dashboard.billing.roll import roll_early, roll_over
from dashboard.errors import Conflict
from dashboard.services.detach import detach_service
from dashboard.services.instant import InstantOutOfBounds
from dashboard.usage.models import UsageRecord, UsageTotal
from dashboard.usage.reported import BatchRefused, ReportedRecord
from dashboard.usage.taken_off import list_taken_off
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.queries import count_queries
from tests.support.usage import record_batch

DAY = timedelta(days=1)
MAY = APRIL + 30 * DAY
ENDED = NOW - 5 * DAY


@pytest.fixture
def acme(db):
    return make_organization()


@pytest.fixture
def web(acme, price):
    return make_service(acme, price, at=APRIL, external_id="web")


def use(key="a", quantity="10", at=NOW - DAY, now=NOW, **more):
    known = {"organization": "acme", "meter": "requests", "service": "web"} | more
    entry = ReportedRecord(key=key, quantity=Decimal(quantity), recorded_at=at, **known)
    return record_batch([entry], now=now)


def detach(service, at=ENDED, now=NOW):
    return detach_service(service, at=at, now=now, actor=SUPPORT)


def test_a_backdated_detachment_takes_off_the_usage_after_it(acme, web, db):
    use("before", "3", at=ENDED - timedelta(seconds=1))
    use("after", "10")
    taken = detach(web).taken_off
    assert (taken.records, taken.quantity, taken.amount_cents) == (1, 10, -50)
    assert current_invoice(acme).total_cents == 15
    assert db.session.scalar(select(func.sum(UsageTotal.quantity))) == 3
    assert db.session.scalar(select(func.count()).select_from(UsageRecord)) == 2


def test_usage_at_the_instant_of_the_end_is_after_it(acme, web):
    use("a", "10", at=ENDED)
    use("b", "3", at=ENDED - timedelta(microseconds=1))
    assert detach(web).taken_off.quantity == 10
    assert current_invoice(acme).total_cents == 15


def test_what_was_taken_off_is_on_record_with_its_reason(acme, web, db):
    use("a", "10")
    detach(web)
    [row] = list_taken_off(acme).rows
    assert (row.record.key, row.record.quantity, row.reason) == ("a", 10, "not_attached")
    assert row.service.external_id == "web"
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "usage.taken_off"))
    assert entry.actor_label == SUPPORT.label
    assert entry.facts == {
        "records": 1, "quantity": "10", "meter": "requests", "cents": -50, "currency": "usd",
    }  # fmt: skip


def test_the_same_detachment_again_takes_off_nothing_more_and_tells_the_same(acme, web):
    use("a", "10")
    detach(web)
    again = detach(web).taken_off
    assert (again.records, again.quantity, again.amount_cents) == (1, 10, None)
    assert current_invoice(acme).total_cents == 0


def test_a_key_that_was_taken_off_is_refused_as_it_would_have_been(acme, web):
    use("a")
    detach(web)
    with pytest.raises(BatchRefused) as refused:
        use("a")
    [error] = refused.value.facts["errors"]
    assert (error["index"], error["code"]) == (0, "not_attached")
    assert "taken off" in error["detail"]
    with pytest.raises(BatchRefused, match="Nothing in the batch") as refused:
        use("a", "11")
    assert refused.value.facts["errors"][0]["code"] == "key_reused"


def test_usage_that_named_no_service_goes_with_the_only_one_it_could_mean(acme, web):
    use(service=None)
    detach(web)
    assert (current_invoice(acme).total_cents, current_invoice(acme).items) == (0, [])


def test_usage_that_named_no_service_stays_with_another_one_of_its_price(acme, price, web, db):
    use("sole", "1", service=None)
    api = make_service(acme, price, at=APRIL, external_id="api")
    use("shared", "2", service=None)
    use("named", "4")
    taken = detach(web).taken_off
    assert (taken.records, taken.quantity) == (1, 4)
    assert current_invoice(acme).total_cents == 15
    totals = db.session.execute(select(UsageTotal.service_id, UsageTotal.quantity)).all()
    assert totals == [(api.id, 3)]
    assert detach(api).taken_off.records == 2
    assert current_invoice(acme).total_cents == 0


def test_usage_of_a_sealed_invoice_is_corrected_on_the_current_one(acme, web, db, invoices):
    use("a", "10", at=NOW + 15 * DAY, now=NOW + 15 * DAY)
    use("b", "3", at=NOW - 8 * DAY)
    roll_over(acme, now=MAY)
    seal([invoices()[0].id], now=MAY + DAY)
    taken = detach(web, at=NOW, now=MAY + 2 * DAY).taken_off
    april, may = invoices()
    assert (april.total_cents, may.total_cents, taken.amount_cents) == (65, -50, -50)
    [item] = may.items
    assert (item.quantity, item.cycle_id) == (-10, april.cycle_id)
    assert item.description == "API requests, correction"
    assert db.session.scalar(select(func.sum(InvoiceItem.quantity))) == 3


def test_tiers_are_given_back_from_the_top_where_an_early_roll_cut_the_cycle(acme, db, invoices):
    price = MeteredPriceFactory(meter="disk", version=None)
    tiers = [
        {"up_to": "10", "unit_amount": "100", "flat_amount": "0"},
        {"up_to": None, "unit_amount": "1", "flat_amount": "0"},
    ]
    PriceVersionFactory(price=price, model="graduated", tiers=tiers)
    disk = make_service(acme, price, at=APRIL, external_id="disk")
    more = {"meter": "disk", "service": "disk"}
    use("a", "8", at=NOW - 8 * DAY, **more)
    use("b", "12", at=NOW - DAY, **more)
    roll_early(acme, reason="Moving", actor=SUPPORT, now=NOW)
    use("c", "5", at=NOW + DAY, now=NOW + DAY, **more)
    assert [one.total_cents for one in invoices()] == [1010, 5]
    detach(disk, now=NOW + 2 * DAY)
    assert [one.total_cents for one in invoices()] == [1010, 800 - 1010]


def test_attaching_again_from_the_end_on_puts_the_usage_back(acme, price, web, db):
    use("a", "10")
    detach(web)
    make_service(acme, price, at=ENDED, external_id="web")
    assert current_invoice(acme).total_cents == 50
    assert list_taken_off(acme).total == 0
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-2:] == ["service.attached", "usage.put_back"]
    assert use("a").duplicates == [0]


def test_usage_put_back_costs_what_the_price_attached_then_asks(acme, web, db):
    use("a", "10")
    detach(web)
    dear = MeteredPriceFactory(code="dear", version__unit_amount=Decimal(7))
    again = make_service(acme, dear, at=ENDED, external_id="web")
    assert current_invoice(acme).total_cents == 70
    assert detach(again, at=ENDED + DAY).taken_off.amount_cents == -70
    assert current_invoice(acme).total_cents == 0


def test_a_second_price_of_a_meter_may_not_make_counted_usage_ambiguous(acme, web, db):
    use(service=None)
    other = MeteredPriceFactory(code="other")
    with pytest.raises(Conflict, match="1 record of requests") as refused:
        make_service(acme, other, at=ENDED, external_id="batch")
    assert refused.value.code == "usage_counted"
    db.session.rollback()


def test_a_second_price_may_begin_after_the_usage_that_named_no_service(acme, web, db):
    use(service=None)
    make_service(acme, MeteredPriceFactory(code="other"), external_id="batch")
    assert current_invoice(acme).total_cents == 50


def test_a_detachment_further_back_than_usage_may_lie_is_refused(acme, web):
    use()
    with pytest.raises(InstantOutOfBounds, match="Nothing was changed"):
        detach(web, at=NOW - 36 * DAY)
    assert current_invoice(acme).total_cents == 50


def test_other_organizations_and_meters_keep_their_usage(acme, price, web, db):
    beta = make_organization("beta")
    make_service(beta, price, at=APRIL, external_id="web")
    make_service(acme, MeteredPriceFactory(meter="disk"), at=APRIL, external_id="disk")
    use("a", organization="beta")
    use("b", meter="disk", service="disk")
    assert detach(web).taken_off.records == 0
    assert (current_invoice(beta).total_cents, current_invoice(acme).total_cents) == (50, 50)


def test_what_was_reported_never_changes_in_the_database(acme, web, db):
    use()
    record = db.session.scalars(select(UsageRecord)).one()
    record.quantity = Decimal(11)
    with pytest.raises(DBAPIError, match="its rows are facts"):
        db.session.flush()
    db.session.rollback()


def test_a_detachment_takes_the_same_number_of_statements_whatever_it_takes_off(acme, price, db):
    counts = []
    for records in (1, 300):
        name = f"web-{records}"
        service = make_service(acme, price, at=APRIL, external_id=name)
        entries = [
            ReportedRecord("acme", "requests", f"{name}-{n}", Decimal(1),
                           NOW - n * timedelta(hours=1), name)
            for n in range(records)
        ]  # fmt: skip
        record_batch([one for one in entries if one.recorded_at >= APRIL], now=NOW)
        db.session.commit()
        with count_queries(db.engine) as queries:
            detach(service, at=APRIL)
        counts.append(queries.count)
        db.session.commit()
    assert counts[1] <= counts[0] <= 25
