"""What Stripe told while the ledger stood still is read back as soon as it is known to be whole."""

from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis

from dashboard.clock import utc_now
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.organizations.models import Organization
from dashboard.restores.held import is_held
from dashboard.restores.notice import STOOD_STILL, look_at_history
from dashboard.transaction import transaction
from jobs.queues import queue_named
from jobs.restores import keep_ledger_mark
from tests.support.restores import charge_and_sync, keep, put_back
from tests.support.syncing import Syncer


@pytest.fixture
def kept(
    app: Flask, acme: Organization, syncer: Syncer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> Syncer:
    """A ledger that has its mark at Stripe."""
    monkeypatch.setitem(app.extensions, "gateway", syncer.gateway)
    charge_and_sync(acme, syncer, 700)
    keep(syncer)
    return syncer


def stands_still() -> None:
    """Let the clock come back after a while."""
    put_back({"alive_at": utc_now() - STOOD_STILL - timedelta(seconds=5)})
    with transaction():
        look_at_history(now=utc_now())


def queued(redis: Redis) -> list[str]:
    """Return what waits for a worker of the queue that reads back."""
    return [job.func_name for job in queue_named("maintenance", redis).jobs]


def test_the_events_are_listed_once_its_mark_was_read(kept: Syncer, redis: Redis) -> None:
    stands_still()
    assert is_held()
    keep_ledger_mark()
    assert not is_held()
    assert queued(redis) == ["jobs.inbox.backfill_events"]


def test_a_mark_that_cannot_be_read_lists_nothing_yet(
    kept: Syncer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_what: object, **_how: object) -> None:
        raise OutcomeUnknown("No reply.")

    stands_still()
    with monkeypatch.context() as patched:
        patched.setattr(kept.gateway, "mark", fails)
        keep_ledger_mark()
    assert is_held()
    assert queued(redis) == []


def test_a_turn_like_any_other_lists_nothing(kept: Syncer, redis: Redis) -> None:
    keep_ledger_mark()
    assert queued(redis) == []
