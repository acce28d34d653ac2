"""Accepted usage goes on the bill in bulk, whoever counts it, and none of it twice or never."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Event

import pytest
from sqlalchemy import func, select, text

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import count_now, counted_organization, fold
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.roll import roll_early, roll_over
from dashboard.billing.roll_preview import preview_roll
from dashboard.transaction import transaction
from dashboard.usage.models import UsageRecord, UsageTotal, UsageWaiting
from dashboard.usage.record import record_batch
from dashboard.usage.reported import BatchRefused, ReportedRecord
from dashboard.usage.taken_off import list_taken_off
from dashboard.usage.waiting import organizations_waiting
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    make_organization,
    make_service,
)
from tests.support.queries import count_queries
from tests.support.usage import accept, detach_the_one

DAY = timedelta(days=1)
MAY = APRIL + 30 * DAY


def waiting(db):
    return db.session.scalar(select(func.count()).select_from(UsageWaiting))


def test_a_sender_touches_no_bill_and_locks_no_invoice(app, db, acme):
    before = current_invoice(acme).revision
    with db.engine.begin() as other:
        other.execute(text("lock table invoices, invoice_items, usage_totals in exclusive mode"))
        accept()
        db.session.commit()
    assert (current_invoice(acme).revision, waiting(db)) == (before, 1)


def test_what_was_accepted_is_counted_once_however_often_it_is_asked_for(db, acme):
    accept("a", "10")
    accept("b", "2.5")
    count_now(acme.id, now=NOW)
    count_now(acme.id, now=NOW)
    fold([acme.id], now=NOW)
    [item] = current_invoice(acme).items
    assert (item.quantity, item.amount_cents) == (Decimal("12.5"), 63)
    assert db.session.scalar(select(func.sum(UsageTotal.quantity))) == Decimal("12.5")
    assert (current_invoice(acme).revision, waiting(db)) == (1, 0)


def test_an_organization_without_new_usage_is_found_in_one_statement(db, acme):
    with count_queries(db.engine) as queries:
        assert counted_organization("acme", now=NOW) is acme
    assert queries.count == 1


def test_the_seal_takes_what_was_accepted_before_it(db, acme, invoices):
    roll_over(acme, now=MAY)
    accept("a", "10", now=MAY + timedelta(minutes=1))
    seal([invoices()[0].id], now=MAY + DAY)
    accept("b", "3", now=MAY + DAY)
    count_now(acme.id, now=MAY + DAY)
    april, may = invoices()
    assert (april.status, april.total_cents, may.total_cents) == ("sealed", 50, 15)
    assert may.items[0].description.endswith("late usage")


def test_an_early_roll_takes_what_was_accepted_before_it(db, acme, invoices):
    accept("a", "10")
    assert preview_roll(acme, now=NOW).total_cents == 50
    accept("b", "2")
    roll_early(acme, reason="Moving", actor=SUPPORT, now=NOW)
    assert [one.total_cents for one in invoices()] == [60, 0]


def test_a_folder_leaves_alone_whom_somebody_is_changing(app, db, acme, price):
    beta = make_organization("beta")
    make_service(beta, price, at=APRIL)
    accept("a")
    accept("a", slug="beta")
    db.session.commit()
    with db.engine.begin() as other:
        held = text("select 1 from invoices where organization_id = :one for update")
        other.execute(held, {"one": acme.id})
        with transaction():
            fold(organizations_waiting(most=10), now=NOW)
        assert organizations_waiting(most=10) == [acme.id]
    assert current_invoice(beta).total_cents == 50


def test_two_folders_and_a_reader_count_everything_once(app, db, acme, price):
    for slug in "bcd":
        make_service(make_organization(slug), price, at=APRIL)
    for slug in ("acme", *"bcd"):
        accept("a", slug=slug)
    db.session.commit()

    def run(_number):
        with app.app_context():
            for _ in range(3):
                with transaction():
                    fold(organizations_waiting(most=10), now=NOW)
                with transaction():
                    counted_organization("acme", now=NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))
    assert waiting(db) == 0
    assert db.session.scalars(select(Invoice.total_cents)).all() == [50] * 4
    assert db.session.scalar(select(func.sum(InvoiceItem.quantity))) == 40


@contextmanager
def while_accepting(app, **what):
    """Let the block happen while usage is accepted: after its statement, before its commit."""
    is_written, may_commit = Event(), Event()

    def run():
        with app.app_context(), transaction():
            accept(**what)
            is_written.set()
            may_commit.wait(10)

    with ThreadPoolExecutor(1) as pool:
        accepting = pool.submit(run)
        assert is_written.wait(10)
        try:
            yield
        finally:
            may_commit.set()
        accepting.result(10)


def test_usage_of_a_service_that_ended_while_it_was_accepted_is_kept_with_its_reason(app, db, acme):
    accept("before", "3", at=NOW - 3 * DAY)
    db.session.commit()
    with while_accepting(app, key="after", quantity="10"):
        detach_the_one(at=NOW - 2 * DAY)
        db.session.commit()
    count_now(acme.id, now=NOW)
    assert current_invoice(acme).total_cents == 15
    assert db.session.scalar(select(func.sum(UsageTotal.quantity))) == 3
    assert db.session.scalar(select(func.count()).select_from(UsageRecord)) == 2
    [row] = list_taken_off(acme).rows
    assert (row.record.key, row.reason, row.service.external_id) == (
        "after", "not_attached", "web",
    )  # fmt: skip
    told = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "usage.taken_off"))
    assert [(one.actor_kind, one.facts["quantity"]) for one in told] == [("system", "10")]
    with pytest.raises(BatchRefused) as refused:
        accept("after", "10")
    assert refused.value.facts["errors"][0]["code"] == "not_attached"


def test_usage_accepted_while_its_service_was_attached_again_is_billed_by_the_new_one(
    app, db, acme
):
    dear = MeteredPriceFactory(code="dear", version__unit_amount=Decimal(7))
    db.session.commit()
    with while_accepting(app, key="after", quantity="10"):
        detach_the_one(at=NOW - 2 * DAY)
        make_service(acme, dear, at=NOW - 2 * DAY, external_id="web")
        db.session.commit()
    count_now(acme.id, now=NOW)
    assert current_invoice(acme).total_cents == 70
    assert list_taken_off(acme).total == 0


def test_an_end_does_not_take_off_what_is_not_counted_yet(db, acme, monkeypatch):
    """A record that commits between the fold of an end and its look at the records."""
    monkeypatch.setattr("dashboard.services.detach.count_waiting", lambda *_, **__: None)
    accept("after", "10")
    assert detach_the_one(at=NOW - 2 * DAY).taken_off.records == 0
    assert current_invoice(acme).total_cents == 0
    count_now(acme.id, now=NOW)
    assert (current_invoice(acme).total_cents, list_taken_off(acme).total) == (0, 1)


def test_units_that_a_line_can_not_hold_are_kept_with_their_reason(db, acme, price, monkeypatch):
    make_service(acme, MeteredPriceFactory(meter="disk"), at=APRIL)
    monkeypatch.setattr("dashboard.usage.books.most_units", lambda *_: Decimal(10) ** 30)
    accept("small", "3")
    accept("huge", "9" * 19, now=NOW + timedelta(seconds=1))
    record_batch([ReportedRecord("acme", "disk", "other", Decimal(2), NOW)], now=NOW)
    count_now(acme.id, now=NOW)
    assert current_invoice(acme).total_cents == 10
    rows = list_taken_off(acme).rows
    assert [(row.record.key, row.reason) for row in rows] == [
        ("huge", "amount_too_large"), ("small", "amount_too_large"),
    ]  # fmt: skip
    accept("later", "4", now=NOW + timedelta(seconds=2))
    make_service(acme, price, at=APRIL, external_id="api")
    assert current_invoice(acme).total_cents == 30
    with pytest.raises(BatchRefused) as refused:
        accept("small", "3")
    assert refused.value.facts["errors"][0]["code"] == "amount_too_large"


def test_usage_accepted_while_its_cycle_is_sealed_is_late(app, db, acme, invoices):
    roll_over(acme, now=MAY)
    db.session.commit()
    with while_accepting(app, key="late", quantity="10", now=MAY + DAY):
        seal([invoices()[0].id], now=MAY + DAY)
        db.session.commit()
    count_now(acme.id, now=MAY + DAY)
    april, may = invoices()
    assert (april.total_cents, may.total_cents) == (0, 50)


def test_a_fold_takes_the_same_number_of_statements_for_one_and_for_twenty(db, acme, price):
    slugs = {acme.slug: acme.id}
    for number in range(20):
        made = make_organization(f"org-{number}")
        make_service(made, price, at=APRIL)
        slugs[made.slug] = made.id
    counts = []
    for some in (list(slugs)[:1], list(slugs)[1:]):
        ids = [slugs[slug] for slug in some]
        for round_ in ("first", "second"):
            for slug in some:
                accept(round_, slug=slug)
            db.session.commit()
            db.session.remove()
            with count_queries(db.engine) as queries:
                fold(ids, now=NOW)
            db.session.commit()
        counts.append(queries.count)
    assert counts[1] <= counts[0] <= 15
