"""A day's closes rehearsed: by the code that closes, in slices, changing and calling nothing."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.clock import utc_now
from dashboard.close_rehearsal import rounds
from dashboard.close_rehearsal.models import CloseRehearsal, RehearsedBill
from dashboard.close_rehearsal.plan_close import PlannedClose, plan_close
from dashboard.close_rehearsal.rounds import ask_rehearsal, begin_by_clock, rehearse_further
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.reading.rehearsals import rehearsals, rehearsed
from dashboard.transaction import transaction
from jobs.rehearsals import rehearse_closes, rehearse_now
from tests.support.bill_changes import find_foreign
from tests.support.billing import make_bill, put

pytestmark = pytest.mark.usefixtures("db")
ADA = Actor("user", 1, "Ada")
DAY = (utc_now() + timedelta(days=3)).astimezone(UTC).date()


def bills(*slugs: str) -> list[Invoice]:
    """Return drafts of 40.00 each that end on the day."""
    made = [make_bill(slug, days_left=3) for slug in slugs]
    for one in made:
        put(one, a=4000)
        with transaction():
            one.total_cents = 4000
    return made


def ask(day: date = DAY) -> int:
    with transaction():
        begun = ask_rehearsal(day, actor=ADA, now=utc_now())
        db.session.flush()
        return begun.id


def said() -> dict[int, RehearsedBill]:
    return {one.invoice_id: one for one in db.session.scalars(select(RehearsedBill))}


def test_each_bill_is_planned_and_none_is_changed() -> None:
    one, other = bills("acme", "globex")
    make_bill("initech", days_left=9)
    before = [(bill.revision, bill.status, bill.total_cents) for bill in (one, other)]
    count = select(func.count()).select_from(InvoiceItem)
    items = db.session.scalar(count)
    found = rehearsals()
    assert found == []
    ask()
    rehearse_now()
    told = said()
    assert set(told) == {one.id, other.id}
    # The customer, the draft, its line, and the finalization.
    assert (told[one.id].calls, told[one.id].expected_cents) == (4, 4000)
    assert told[one.id].would_hold is None
    db.session.expire_all()
    assert [(bill.revision, bill.status, bill.total_cents) for bill in (one, other)] == before
    assert db.session.scalar(count) == items
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 3


def test_what_would_hold_a_bill_is_said_with_its_sentence() -> None:
    held, added = bills("acme", "globex")
    with transaction():
        held.parked_at, held.parked_code, held.parked_reason = utc_now(), "stuck", "Because."
        find_foreign(added)
    ask()
    rehearse_now()
    told = said()
    assert (told[held.id].would_hold, told[held.id].why) == ("stuck", "Because.")
    assert told[added.id].would_hold == "foreign_lines"
    assert (told[held.id].calls, told[added.id].calls) == (0, 0)


def test_it_goes_on_slice_by_slice_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bills("a", "b", "c")
    ask()
    with transaction():
        assert rehearse_further(now=utc_now(), most=2)
    assert set(said()) == {one.id for one in made[:2]}
    with transaction():
        rehearse_further(now=utc_now(), most=2)
    (one,) = rehearsals()
    assert (one.looked, one.total, one.ended_at is not None) == (3, 3, True)


def test_one_that_cannot_be_planned_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, redis: object
) -> None:
    made = bills("a", "b", "c")

    def refuse(invoice: Invoice, *rest: Any, **named: Any) -> PlannedClose:
        if invoice.id == made[1].id:
            raise ZeroDivisionError
        return plan_close(invoice, *rest, **named)

    monkeypatch.setattr(rounds, "plan_close", refuse)
    ask()
    rehearse_closes()
    (one,) = rehearsals()
    assert set(said()) == {made[0].id, made[2].id}
    assert (one.looked, one.failed, one.ended_at is not None) == (3, 1, True)


def test_one_of_the_same_day_is_joined_and_of_another_refused() -> None:
    bills("acme")
    make_bill("globex", days_left=9)
    assert ask() == ask()
    with pytest.raises(Conflict):
        ask(DAY + timedelta(days=6))


@pytest.mark.parametrize("ahead", [1, 4000, -4000])
def test_a_day_on_which_nothing_ends_is_refused(ahead: int) -> None:
    bills("acme")
    with pytest.raises(Invalid):
        ask(DAY + timedelta(days=ahead))
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(CloseRehearsal)) == 0


def test_the_clock_begins_once_in_the_night_before() -> None:
    (one,) = bills("acme")
    night = one.period_end.replace(hour=0, minute=0, second=0) - timedelta(hours=6)
    for _ in range(2):
        with transaction():
            begin_by_clock(now=night)
    assert [(each.day, each.asked_by) for each in rehearsals()] == [(DAY, None)]


def test_what_was_said_is_held_against_what_happened() -> None:
    right, wrong, held, surprise = bills("a", "b", "c", "d")
    with transaction():
        held.parked_at, held.parked_code, held.parked_reason = utc_now(), "stuck", "Because."
    ask()
    rehearse_now()
    with transaction():
        wrong.total_cents = 9000
        for one in (right, wrong, held, surprise):
            one.status = "sealed"
    with transaction():
        for one in (right, wrong):
            one.status, one.finalized_at = "open", utc_now()
        surprise.parked_at, surprise.parked_code = utc_now(), "not_verified"
    found = rehearsed(rehearsals()[0], now=utc_now())
    (sums,) = found.sums
    assert (sums.bills, sums.expected_cents) == (4, 16_000)
    assert (sums.issued, sums.expected_of_issued_cents, sums.issued_cents) == (2, 8000, 13_000)
    holds = found.holds
    assert (holds.foretold, holds.held_as_told, holds.issued_anyway, holds.held_untold) == (
        1, 1, 0, 1,
    )  # fmt: skip
    assert [(one.slug, one.issued_cents) for one in found.off] == [("b", 9000)]


def test_the_command_says_what_it_found(app: Flask) -> None:
    bills("acme")
    told = app.test_cli_runner().invoke(args=["close", "rehearse", DAY.isoformat()])
    assert "1 bills, 4 calls to Stripe" in told.output


def test_what_is_stuck_as_foretold_is_held_though_it_stays_a_draft() -> None:
    stuck, current = bills("a", "b")
    with transaction():
        for one in (stuck, current):
            one.parked_at, one.parked_code, one.parked_reason = utc_now(), "stuck", "Because."
    ask()
    rehearse_now()
    with transaction():
        stuck.period_end = utc_now() - timedelta(minutes=1)
    holds = rehearsed(rehearsals()[0], now=utc_now()).holds
    assert (holds.foretold, holds.held_as_told) == (2, 1)
