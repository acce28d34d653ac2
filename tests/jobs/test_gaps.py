"""The clock looks for gaps and has drafts verified, a share each hour; a worker closes one."""

from datetime import timedelta

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import delete, select

from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gaps.keep import CONFIRMED_AFTER
from dashboard.gaps.models import GapRound, StripeGap
from dashboard.sync.models import SyncRun
from dashboard.sync.verified import EVERY, unverified_longest
from dashboard.transaction import transaction
from dashboard.webhooks.models import WebhookEvent
from jobs.gaps import look_for_gaps, look_through_stripe, repair_gap
from jobs.queues import queue_named
from tests.support.gaps import acme
from tests.support.syncing import Syncer
from tests.sync.conftest import simulator, simulator_server, syncer

__all__ = ["acme", "simulator", "simulator_server", "syncer"]


@pytest.fixture(autouse=True)
def gateway(app: Flask, syncer: Syncer, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.extensions, "gateway", syncer.gateway)


def rounds() -> list[tuple[str, bool]]:
    database.session.expire_all()
    query = select(GapRound).order_by(GapRound.id)
    return [(one.kind, one.ended_at is not None) for one in database.session.scalars(query)]


def test_each_turn_reads_a_page_and_the_kinds_take_turns(acme) -> None:
    for _ in range(4):
        look_for_gaps()
    assert [kind for kind, _ in rounds()][:2] == ["events", "drafts"]
    assert sum(one.reads for one in database.session.scalars(select(GapRound))) == 4


def test_all_of_it_is_looked_through_for_a_person(acme, syncer: Syncer) -> None:
    look_through_stripe()
    assert rounds() == [(kind, True) for kind in ("events", "drafts", "open", "customers")]


def test_while_stripe_is_away_the_next_turn_goes_on(acme, syncer: Syncer) -> None:
    rule = syncer.simulator.fault("error_before", "/v1/", status=500)
    look_for_gaps()
    assert all(not is_over for _, is_over in rounds())
    syncer.simulator.delete(f"faults/{rule}")
    look_through_stripe()
    assert len(rounds()) == 4


def gap_of_an_event() -> StripeGap:
    with transaction():
        lost = database.session.scalar(select(WebhookEvent.stripe_event_id).limit(1))
        database.session.execute(delete(WebhookEvent).where(WebhookEvent.stripe_event_id == lost))
        gap = StripeGap(
            kind="event", stripe_id=str(lost), told="Stripe has an event.",
            first_seen_at=utc_now() - 2 * CONFIRMED_AFTER, last_seen_at=utc_now(),
            confirmed_at=utc_now(),
        )  # fmt: skip
        database.session.add(gap)
    return gap


def test_a_worker_fetches_an_event_and_has_the_inbox_drained(acme, redis: Redis) -> None:
    gap = gap_of_an_event()
    repair_gap(gap.id)
    database.session.refresh(gap)
    assert gap.gone_at is not None
    repair_gap(gap.id)
    assert [job.func_name for job in queue_named("webhooks", redis).jobs] in (
        ["jobs.inbox.drain_inbox"], []
    )  # fmt: skip


def test_a_draft_is_verified_once_a_week(acme, syncer: Syncer) -> None:
    draft = current_invoice(acme)
    later = utc_now() + EVERY + timedelta(days=1)
    assert unverified_longest(now=utc_now()) == []
    assert unverified_longest(now=later) == [draft.id]
    with transaction():
        draft.created_at = utc_now() - 2 * EVERY
    look_for_gaps()
    [run] = database.session.scalars(
        select(SyncRun).where(SyncRun.invoice_id == draft.id, SyncRun.state == "queued")
    )
    assert run.verify
    syncer.carry_out(run)
    database.session.refresh(draft)
    assert draft.last_verified_at is not None
    assert unverified_longest(now=utc_now()) == []


def test_one_on_hold_is_not_verified(acme) -> None:
    draft = current_invoice(acme)
    with transaction():
        draft.created_at = utc_now() - 2 * EVERY
        draft.parked_at, draft.parked_code = utc_now(), "foreign_lines"
    assert unverified_longest(now=utc_now()) == []
