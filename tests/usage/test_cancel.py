"""Usage that its sender takes back: the bill is the one it would be without it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_over
from dashboard.recount.look import recount
from dashboard.services.detach import detach_service
from dashboard.services.past_preview import preview_cancellation
from dashboard.usage.cancel import CancellationRefused, cancel_usage
from dashboard.usage.forget import forget_keys
from dashboard.usage.models import UsageRecord, UsageTotal
from dashboard.usage.reported import BatchRefused, ReportedRecord
from dashboard.usage.taken_off import list_taken_off
from tests.factories import APRIL, NOW, SUPPORT, make_organization, make_service
from tests.support.usage import accept, record_batch

DAY = timedelta(days=1)
MAY = APRIL + 30 * DAY


@pytest.fixture
def acme(db):
    return make_organization()


@pytest.fixture
def web(acme, price):
    return make_service(acme, price, at=APRIL, external_id="web")


def use(key="a", quantity="10", at=NOW - DAY, now=NOW):
    return record_batch([ReportedRecord("acme", "requests", key, Decimal(quantity), at)], now=now)


def cancel(acme, *keys, now=NOW):
    return cancel_usage(acme, keys, reason="Sent ten times", now=now, actor=SUPPORT)


def codes(refused):
    return [(one["index"], one["code"]) for one in refused.value.facts["errors"]]


def test_what_is_taken_back_is_off_the_bill_and_stays_on_record(acme, web, db):
    use("right", "3")
    use("wrong", "10")
    done = cancel(acme, "wrong")
    assert (done.records, done.cents, done.repeated) == (1, -50, [])
    assert current_invoice(acme).total_cents == 15
    assert db.session.scalar(select(func.sum(UsageTotal.quantity))) == 3
    assert db.session.scalar(select(func.count()).select_from(UsageRecord)) == 2
    [row] = list_taken_off(acme).rows
    assert (row.record.key, row.reason, row.service.external_id) == ("wrong", "canceled", "web")
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "usage.canceled"))
    assert entry.facts == {
        "records": 1, "quantity": "10", "meter": "requests", "cents": -50, "currency": "usd",
    }  # fmt: skip
    assert entry.reason == "Sent ten times"


def test_the_same_again_changes_nothing_and_is_told_by_index(acme, web, db):
    use("a")
    use("b")
    cancel(acme, "a")
    again = cancel(acme, "b", "a", "b")
    assert (again.records, again.cents, again.repeated) == (1, -50, [1, 2])
    assert cancel(acme, "b", "a").repeated == [0, 1]
    assert current_invoice(acme).total_cents == 0
    entries = select(func.count()).where(AuditEntry.action == "usage.canceled")
    assert db.session.scalar(entries) == 2


def test_a_key_that_nothing_was_accepted_under_refuses_all_by_index(acme, web):
    use("a")
    with pytest.raises(CancellationRefused, match="Nothing was canceled") as refused:
        cancel(acme, "a", "b", "c")
    assert codes(refused) == [(1, "unknown_key"), (2, "unknown_key")]
    assert current_invoice(acme).total_cents == 50


def test_usage_of_another_organization_is_no_record_of_this_one(acme, web, price):
    other = make_organization("other")
    make_service(other, price, at=APRIL)
    use("a")
    with pytest.raises(CancellationRefused) as refused:
        cancel(other, "a")
    assert codes(refused) == [(0, "unknown_key")]


def test_usage_older_than_what_is_accepted_is_credited_by_a_person(acme, web):
    use("a", at=NOW - 2 * DAY)
    late = NOW - 2 * DAY + timedelta(days=35, seconds=1)
    with pytest.raises(CancellationRefused) as refused:
        cancel(acme, "a", now=late)
    assert codes(refused) == [(0, "too_old")]


def test_what_was_taken_back_in_time_is_told_as_such_for_ever(acme, web):
    use("a")
    cancel(acme, "a")
    assert cancel(acme, "a", now=NOW + timedelta(days=80)).repeated == [0]


def test_a_late_repeat_is_not_counted_and_the_right_one_is_under_a_key_of_its_own(acme, web):
    use("a", "100")
    cancel(acme, "a")
    use("a-2", "10")
    assert current_invoice(acme).total_cents == 50
    again = use("a", "100")
    assert (again.recorded, again.duplicates) == (0, [0])
    with pytest.raises(BatchRefused) as refused:
        use("a", "10")
    assert codes(refused) == [(0, "key_reused")]
    assert current_invoice(acme).total_cents == 50


def test_a_key_that_was_forgotten_stands_for_another_record(acme, web, price):
    use("a", "100", at=NOW - 2 * DAY)
    use("b", "100", at=NOW - 2 * DAY)
    detach_service(web, at=NOW - 3 * DAY, now=NOW, actor=SUPPORT)
    make_service(acme, price, at=NOW - DAY, now=NOW)
    cancel(acme, "a")
    forget_keys(0, before=NOW - 2 * DAY + timedelta(seconds=1), most=1000)
    use("a", "10", at=NOW - timedelta(hours=1))
    use("b", "10", at=NOW - timedelta(hours=1))
    assert use("a", "10", at=NOW - timedelta(hours=1)).duplicates == [0]
    assert use("b", "10", at=NOW - timedelta(hours=1)).duplicates == [0]
    assert current_invoice(acme).total_cents == 100
    done = cancel(acme, "a", "b")
    assert (done.records, done.cents, done.repeated) == (2, -100, [])
    assert len(list_taken_off(acme).rows) == 4


def test_what_was_off_the_bill_already_was_off_it_since_then(acme, web, db):
    use("a", "10", at=MAY - DAY, now=MAY - DAY)
    detach_service(web, at=MAY - 2 * DAY, now=MAY - DAY, actor=SUPPORT)
    may = roll_over(acme, now=MAY)
    seal([may.id - 1], now=MAY + DAY)
    assert cancel(acme, "a", now=MAY + 2 * DAY).cents == 0
    [row] = list_taken_off(acme).rows
    assert (row.reason, row.taken_off_at) == ("canceled", MAY - DAY)


def test_the_line_says_that_its_usage_was_canceled_and_by_whom(acme, web):
    use("a")
    use("b")
    cancel(acme, "a")
    [item] = current_invoice(acme).items
    assert (item.cause, item.actor_label) == ("cancellation", SUPPORT.label)


def test_what_still_waits_is_counted_first(acme, web):
    accept("a")
    assert cancel(acme, "a").records == 1
    assert current_invoice(acme).total_cents == 0


def test_what_is_on_a_sealed_invoice_is_given_back_on_the_current_one(acme, web, db):
    use("a", "10", at=MAY - DAY, now=MAY - DAY)
    may = roll_over(acme, now=MAY)
    seal([may.id - 1], now=MAY + DAY)
    done = cancel(acme, "a", now=MAY + DAY)
    assert done.cents == -50
    assert current_invoice(acme).total_cents == -50
    db.session.commit()
    assert not recount(acme.id).differences


def test_no_attachment_puts_it_back(acme, web, price):
    use("a", at=NOW - DAY)
    use("b", at=NOW - DAY)
    detach_service(web, at=NOW - 2 * DAY, now=NOW, actor=SUPPORT)
    assert cancel(acme, "a").cents == 0
    make_service(acme, price, at=NOW - 2 * DAY, now=NOW)
    assert current_invoice(acme).total_cents == 50
    assert [(one.key, one.reason) for one in list_taken_off(acme).rows] == [("a", "canceled")]


def test_a_later_end_does_not_take_it_off_once_more(acme, web):
    use("a", at=NOW - DAY)
    use("b", at=NOW - DAY)
    cancel(acme, "a")
    assert detach_service(web, at=NOW - 2 * DAY, now=NOW, actor=SUPPORT).taken_off.records == 1
    assert current_invoice(acme).total_cents == 0
    assert {one.reason for one in list_taken_off(acme).rows} == {"canceled", "not_attached"}


@pytest.mark.parametrize("keys", [("a",), ("a", "b"), ("late", "b")])
def test_the_preview_is_what_it_then_does(acme, web, keys, db):
    use("a", "10", at=MAY - DAY, now=MAY - DAY)
    use("b", "7", at=MAY - DAY, now=MAY - DAY)
    may = roll_over(acme, now=MAY)
    seal([may.id - 1], now=MAY + DAY)
    use("late", "3", at=MAY + DAY, now=MAY + DAY)
    now = MAY + 2 * DAY
    db.session.commit()
    shown = preview_cancellation(acme, keys, now=now)
    before = current_invoice(acme).total_cents
    assert (shown.before, before) == (15, 15)
    done = cancel(acme, *keys, now=now)
    assert (shown.cents, shown.records) == (done.cents, done.records)
    assert shown.after == current_invoice(acme).total_cents
    assert [one.sequence for one in shown.issued] == []
