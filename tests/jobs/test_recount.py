"""The clock works the ledger out anew, keeps what it finds, and holds bills until it is gone."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select, text

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants import of_facts, rounds
from dashboard.invariants.keep import CONFIRMED_AFTER
from dashboard.invariants.known import FOLLOWS_FACTS
from dashboard.invariants.models import InvariantFinding
from dashboard.recount.models import LedgerDifference, LedgerRun
from dashboard.recount.runs import last_whole_at
from dashboard.transaction import transaction
from jobs import recount
from jobs.queues import queue_named
from jobs.recount import recount_ledger, recount_soon
from tests.factories import make_organization


@pytest.fixture(autouse=True)
def shops(db: SQLAlchemy, redis: Redis) -> list[int]:
    with transaction():
        return [make_organization(f"shop-{n}", now=utc_now(), anchor=utc_now()).id for n in "abc"]


def break_total(organization_id: int, cents: int) -> None:
    with transaction():
        database.session.execute(
            text("update invoices set total_cents = :cents where organization_id = :id"),
            {"cents": cents, "id": organization_id},
        )


def findings() -> list[InvariantFinding]:
    database.session.expire_all()
    return list(database.session.scalars(select(InvariantFinding)))


def an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    later = utc_now() + 2 * CONFIRMED_AFTER
    monkeypatch.setattr(recount, "utc_now", lambda: later)


def test_a_turn_works_out_as_many_as_it_has_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(recount.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(recount, "MOST_SECONDS", 2.0)
    seen = []
    for _ in range(4):
        recount_ledger()
        database.session.expire_all()
        [run] = database.session.scalars(select(LedgerRun))
        seen.append((run.looked, run.ended_at is not None))
    assert seen == [(1, False), (2, False), (3, False), (3, True)]


def test_the_next_run_begins_a_day_after_this_one_did() -> None:
    recount_ledger()
    recount_ledger()
    assert len(database.session.scalars(select(LedgerRun)).all()) == 1
    assert last_whole_at() is not None
    with transaction():
        [run] = database.session.scalars(select(LedgerRun))
        run.begun_at -= recount.EVERY
    recount_ledger()
    assert len(database.session.scalars(select(LedgerRun)).all()) == 2


def test_what_it_finds_counts_once_seen_again_and_is_gone_once_mended(
    shops: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_total(shops[1], 700)
    recount_ledger()
    [found] = findings()
    assert (found.invariant, found.organization_id) == (FOLLOWS_FACTS.name, shops[1])
    assert found.confirmed_at is None
    assert found.examples[0]["text"] == (
        "shop-b, invoice 1: the facts come to $0.00, the ledger has $7.00. "
        "Its total is not what its items come to."
    )
    # The command's own runs keep these; the clock's are findings.
    assert database.session.scalars(select(LedgerDifference)).all() == []
    an_hour_later(monkeypatch)
    recount_ledger()
    [found] = findings()
    assert found.confirmed_at is not None
    break_total(shops[1], 0)
    later = utc_now() + 5 * CONFIRMED_AFTER
    monkeypatch.setattr(recount, "utc_now", lambda: later)
    recount_ledger()
    [found] = findings()
    assert found.cleared_at == later


def test_looks_by_statement_leave_what_it_found_alone(shops: list[int]) -> None:
    break_total(shops[1], 700)
    recount_ledger()
    with transaction():
        assert rounds.look_again(now=utc_now() + 2 * CONFIRMED_AFTER) == 0
    assert len(findings()) == 1


def test_few_are_looked_at_again_in_a_turn(shops: list[int]) -> None:
    for one in shops:
        break_total(one, 700)
    recount_ledger()
    later = utc_now() + 2 * CONFIRMED_AFTER
    of_facts.MOST_AGAIN, kept = 2, of_facts.MOST_AGAIN
    try:
        assert len(of_facts.to_look_at_again(now=later)) == 2
    finally:
        of_facts.MOST_AGAIN = kept


def test_one_that_a_person_waits_for_is_worked_out_soon(shops: list[int], redis: Redis) -> None:
    with transaction():
        recount_soon(shops[0])
    [job] = queue_named("interactive", redis).jobs
    assert job.args == (shops[0],)
