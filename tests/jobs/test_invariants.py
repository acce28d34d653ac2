"""The clock has everybody looked at, a slice in each turn, whatever one of them does."""

from collections.abc import Sequence

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis
from sqlalchemy import select, text

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants import look as looks
from dashboard.invariants import rounds
from dashboard.invariants.known import BY_NAME
from dashboard.invariants.models import InvariantFinding, InvariantRound
from dashboard.transaction import transaction
from jobs import invariants
from jobs.invariants import look_at_money
from jobs.queues import queue_named
from jobs.schedule import TABLE
from tests.factories import SUPPORT, make_organization


@pytest.fixture(autouse=True)
def shops(db: SQLAlchemy, redis: Redis) -> list[int]:
    """Five organizations, and slices of two."""
    with transaction():
        return [
            make_organization(f"shop-{n}", now=utc_now(), anchor=utc_now()).id for n in range(5)
        ]


@pytest.fixture(autouse=True)
def slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "SLICE", 2)
    monkeypatch.setattr(rounds.look_further, "__kwdefaults__", {"most": 2})
    monkeypatch.setattr(invariants, "SLICE", 2)


def looked() -> tuple[int, bool]:
    """Return at how many the round has looked, and whether it is over."""
    database.session.expire_all()
    one = database.session.scalars(select(InvariantRound)).one()
    return one.looked, one.ended_at is not None


def test_each_turn_takes_a_slice_until_the_round_is_over() -> None:
    seen = []
    for _ in range(4):
        look_at_money()
        seen.append(looked())
    assert seen == [(2, False), (4, False), (5, True), (5, True)]


def test_a_turn_takes_more_where_a_round_would_take_longer_than_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look_at_money()
    monkeypatch.setattr(rounds, "TURNS_OF_A_ROUND", 1)
    look_at_money()
    assert looked() == (5, True)


def test_what_a_person_asked_for_is_looked_at_in_one_turn() -> None:
    with transaction():
        asked = rounds.ask_round(BY_NAME["items_add_up"], actor=SUPPORT, now=utc_now())
    look_at_money()
    database.session.refresh(asked)
    assert (asked.looked, asked.ended_at is None) == (5, False)


def test_one_that_cannot_be_looked_at_stops_none_of_the_others(
    shops: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_at = looks.look_at

    def fails(ids: Sequence[int], **how):
        if shops[2] in ids:
            raise ValueError("asked to fail")
        return look_at(ids, **how)

    monkeypatch.setattr(rounds, "look_at", fails)
    with transaction():
        database.session.execute(text("update invoices set total_cents = 7"))
    for _ in range(4):
        look_at_money()
    assert looked() == (5, True)
    found = set(database.session.scalars(select(InvariantFinding.organization_id)))
    assert found == {*shops} - {shops[2]}


def test_it_waits_once_however_often_the_clock_comes_by(redis: Redis) -> None:
    [entry] = (one for one in TABLE if one.task is look_at_money)
    for _ in range(3):
        entry.task.push(())
    assert queue_named("maintenance", redis).count == 1
