"""Bulk acts in the queues: a slice is a job, its syncs wait behind everything more urgent."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from dashboard.bulk import carry_on as module
from dashboard.transaction import transaction
from jobs.bulk import carry_on_act, carry_on_acts
from jobs.queues import queue_named
from jobs.syncs import sync_batch
from tests.support.billing import make_bill
from tests.support.bulk import begun, counts


@pytest.fixture
def owners(db: SQLAlchemy, redis: Redis) -> list[int]:
    """Four organizations."""
    return [make_bill(f"org-{number}").organization_id for number in range(4)]


def queued(redis: Redis, queue: str) -> list[str]:
    """Return what waits in a queue."""
    return [one.func_name for one in queue_named(queue, redis).jobs]


def test_the_syncs_of_an_act_go_with_the_clock_s_own(owners: list[int], redis: Redis) -> None:
    act = begun("sync", owners)
    carry_on_act(act.id)
    assert queued(redis, "scheduled") == [sync_batch.path]
    assert queued(redis, "interactive") == []
    assert counts(act) == (0, 4, 0, 0)


def test_a_slice_is_a_job_and_the_next_one_waits_behind_what_came(
    owners: list[int], redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLICE", 3)
    act = begun("sync", owners)
    carry_on_act(act.id)
    assert queued(redis, "interactive") == [carry_on_act.path]
    assert counts(act) == (1, 3, 0, 0)
    carry_on_act(act.id)
    assert counts(act) == (0, 4, 0, 0)


def test_the_clock_queues_what_is_not_over_and_nothing_twice(
    owners: list[int], redis: Redis
) -> None:
    begun("sync", owners)
    for _ in range(2):
        with transaction():
            carry_on_acts()
    assert queued(redis, "interactive") == [carry_on_act.path]
