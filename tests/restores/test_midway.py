"""What is under way when the ledger is held, looked at again, or released, ends as it should."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.restores import look as looking
from dashboard.restores import release as releasing
from dashboard.restores.held import is_held
from dashboard.restores.look import ask_look
from dashboard.restores.models import Restore
from dashboard.sync.lease import LeaseLost
from dashboard.sync.models import SyncStep
from dashboard.transaction import checkpoint, transaction
from tests.factories import SUPPORT
from tests.support.restores import charge_and_sync, let_go, look, put_back, restored
from tests.support.syncing import Syncer


def test_a_call_under_way_is_the_last_and_is_doubted(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = syncer.gateway._call
    called: list[str] = []

    def hold_meanwhile(what: str, *rest: Any, **how: Any) -> Any:
        found = call(what, *rest, **how)
        called.append(what)
        if len(called) == 1:
            put_back({"held_at": utc_now(), "held_why": "It was restored."})
        return found

    restored(utc_now())
    look(syncer)
    let_go()
    with monkeypatch.context() as patched:
        patched.setattr(syncer.gateway, "_call", hold_meanwhile)
        with pytest.raises(LeaseLost):
            charge_and_sync(acme, syncer, 700)
    database.session.rollback()
    assert len(called) == 1
    put_back({"held_at": None, "held_why": None})
    # The lease of who was stopped is over after a minute.
    syncer.ahead += timedelta(minutes=2)
    syncer.sync(current_invoice(acme))
    assert database.session.scalar(select(SyncStep.id).where(SyncStep.outcome.is_(None))) is None
    assert sum(syncer.lines(current_invoice(acme)).values()) == current_invoice(acme).total_cents


def test_a_look_that_begins_again_in_the_last_step_is_not_ended(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(utc_now() - timedelta(minutes=5))
    events = looking.of_events
    asked: list[bool] = []

    def ask_meanwhile(since: Any) -> Any:
        if not asked:
            asked.append(True)
            with transaction():
                ask_look(actor=SUPPORT, now=utc_now())
        return events(since)

    monkeypatch.setattr(looking, "of_events", ask_meanwhile)
    looking.look_back(
        gateway=syncer.gateway, reads=len(looking.LISTS) + 2, now=utc_now(), checkpoint=checkpoint
    )
    database.session.expire_all()
    restore = database.session.scalars(select(Restore)).one()
    assert asked
    assert restore.looked_at is None
    look(syncer)
    assert database.session.scalars(select(Restore.looked_at)).one() is not None


def test_a_release_that_is_cut_off_leaves_the_ledger_held(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(utc_now())
    look(syncer)
    with transaction():
        database.session.execute(update(Invoice).values(needs_verification=False))
    monkeypatch.setattr(releasing, "SLICE", 1)
    with monkeypatch.context() as patched:
        patched.setattr(releasing, "this_mark", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            let_go()
    database.session.rollback()
    assert is_held()
    let_go()
    assert not is_held()
    assert current_invoice(acme).needs_verification
