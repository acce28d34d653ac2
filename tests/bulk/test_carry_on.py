"""A bulk action goes on slice by slice: each member once, few in progress at a time."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select, text

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.bulk import carry_on as module
from dashboard.bulk.begin import cancel
from dashboard.bulk.carry_on import carry_on, open_acts
from dashboard.bulk.listing import failed_of, reasons_of
from dashboard.bulk.syncs import ISSUED, ON_HOLD
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import make_bill, put
from tests.support.bulk import begun, counts, states, step

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def bills(db: SQLAlchemy) -> list[Invoice]:
    """Five organizations' bills."""
    return [make_bill(f"org-{number}") for number in range(5)]


def owners(bills: list[Invoice]) -> list[int]:
    """Return whose bills these are."""
    return [one.organization_id for one in bills]


def runs() -> list[SyncRun]:
    """Return every sync there is."""
    return list(database.session.scalars(select(SyncRun).order_by(SyncRun.id)))


def end(*ended: SyncRun, error: str | None = None) -> None:
    """Let syncs have ended."""
    with transaction():
        for run in ended:
            run.state, run.error = ("failed", error) if error else ("succeeded", None)


def test_each_member_is_asked_for_once_in_slices(
    bills: list[Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE", 2)
    act = begun("sync", owners(bills))
    goes_on = [step(act).goes_on for _ in range(4)]
    assert goes_on == [True, True, False, False]
    assert [one.invoice_id for one in runs()] == [one.id for one in bills]
    assert {(one.trigger, one.actor_label, one.verify) for one in runs()} == {
        ("bulk", SUPPORT.label, False)
    }
    assert counts(act) == (0, 5, 0, 0)


def test_no_more_than_some_are_under_way_at_a_time(
    bills: list[Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    act = begun("verify", owners(bills))
    for _ in range(3):
        step(act)
    assert len(runs()) == 2
    end(runs()[0])
    step(act)
    assert (len(runs()), counts(act)) == (3, (2, 2, 1, 0))
    assert all(one.verify for one in runs())


def test_it_ends_with_how_many_are_done_and_why_others_failed(bills: list[Invoice]) -> None:
    act = begun("sync", owners(bills))
    step(act)
    done, *others = runs()
    end(done)
    end(*others[:3], error="Stripe refused line il_1: it has 7 digits.")
    step(act)
    assert (act.state, counts(act)) == ("working", (0, 1, 1, 3))
    end(others[3], error="Stripe refused line il_22: it has 12 digits.")
    step(act)
    assert (act.state, counts(act)) == ("failures", (0, 0, 1, 4))
    [reason] = reasons_of(act)
    assert (reason.number, len(failed_of(act))) == (4, 4)
    [ended] = [
        one
        for one in database.session.scalars(select(AuditEntry))
        if one.action == "bulk_action.ended"
    ]
    assert ended.facts == {"verb": "sync", "done": 1, "failed": 4, "left": None}
    assert open_acts() == []
    assert step(act).runs == ()


def test_a_sync_under_way_is_joined_not_doubled(bills: list[Invoice]) -> None:
    act, again = begun("sync", owners(bills)), begun("verify", owners(bills))
    step(act)
    step(again)
    assert len(runs()) == 5
    end(*runs())
    step(act)
    step(again)
    assert act.done == again.done == 5


def test_what_is_on_hold_is_left_there_and_what_is_issued_is_over(bills: list[Invoice]) -> None:
    act = begun("sync", owners(bills))
    with transaction():
        put_on_hold(bills[0], "differs", "It differs.", now=utc_now())
        seal_now(bills[1], now=utc_now())
        database.session.flush()
        bills[1].status, bills[1].finalized_at = "open", utc_now()
    step(act)
    assert counts(act) == (0, 3, 0, 2)
    assert {one.error for one in failed_of(act)} == {ON_HOLD, ISSUED}
    database.session.refresh(bills[0])
    assert bills[0].parked_at is not None


def test_a_release_asks_for_the_sync_that_lets_go_and_says_so_of_each(bills: list[Invoice]) -> None:
    with transaction():
        for one in bills[:2]:
            put_on_hold(one, "differs", "It differs.", now=utc_now())
    act = begun("release", owners(bills))
    with transaction():
        bills[1].parked_at = bills[1].parked_code = bills[1].parked_reason = None
    step(act)
    assert [one.invoice_id for one in runs()] == [bills[0].id]
    assert counts(act) == (0, 1, 1, 0)
    [entry] = database.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "invoice.release_asked")
    )
    assert (entry.subject_id, entry.reason) == (bills[0].id, "The cause is fixed")


def test_one_that_somebody_is_changing_is_begun_later(bills: list[Invoice]) -> None:
    act = begun("sync", owners(bills))
    with database.engine.begin() as other:
        lock = "select id from invoices where id = :id for no key update"
        other.execute(text(lock), {"id": bills[2].id})
        with transaction():
            database.session.execute(text("set local lock_timeout = '2s'"))
            carry_on(act.id, now=utc_now())
    assert states(act)[bills[2].id] == "waiting"
    step(act)
    assert counts(act) == (0, 5, 0, 0)


def test_two_workers_never_begin_a_member_each(bills: list[Invoice]) -> None:
    act = begun("sync", owners(bills))
    with database.engine.begin() as other:
        lock = "select id from bulk_actions where id = :id for no key update"
        other.execute(text(lock), {"id": act.id})
        assert step(act).runs == ()
    assert runs() == []


def test_canceling_lets_what_is_begun_come_to_its_end(
    bills: list[Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE", 2)
    act = begun("sync", owners(bills))
    step(act)
    with transaction():
        cancel(act, actor=SUPPORT, now=utc_now())
    step(act)
    assert (act.state, counts(act)) == ("canceling", (3, 2, 0, 0))
    end(*runs())
    step(act)
    assert (act.state, counts(act)) == ("canceled", (3, 0, 2, 0))


def test_a_sync_that_is_not_kept_any_more_was_over(bills: list[Invoice]) -> None:
    act = begun("sync", owners(bills[:1]))
    step(act)
    with transaction():
        database.session.execute(text("delete from sync_runs"))
    step(act)
    assert (act.state, act.done) == ("done", 1)


def test_the_sync_s_own_trail_is_not_filled_with_an_entry_for_each(bills: list[Invoice]) -> None:
    put(bills[0], fee=100)
    step(begun("sync", owners(bills)))
    actions = database.session.scalars(select(AuditEntry.action)).all()
    assert "invoice.sync_requested" not in actions
