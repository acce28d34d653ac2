"""A mark that the ledger does not know says that the ledger is older than it was."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from dashboard.audit.models import AuditEntry
from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.extensions import db as database
from dashboard.gaps.compare import customer_gaps
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.restores.held import LedgerIsHeld, is_held, why_held
from dashboard.restores.models import Restore
from dashboard.restores.notice import COMPARING, MARGIN, STOOD_STILL, look_at_history
from dashboard.transaction import transaction
from tests.factories import SUPPORT, make_organization
from tests.support.restores import charge_and_sync, keep, one_mark_ago, put_back, row
from tests.support.syncing import Syncer


def test_a_mark_is_written_once_for_what_was_written(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    first = row()
    assert first["stripe_id"]
    assert syncer.gateway.mark(first["stripe_id"]).names == set(first["names"])
    syncer.operations()
    keep(syncer)
    assert syncer.operations() == [], "nothing was written since"
    charge_and_sync(acme, syncer, 700)
    keep(syncer)
    second = row()
    assert second["names"] != first["names"]
    assert second["stripe_id"] == first["stripe_id"]
    assert syncer.gateway.mark(first["stripe_id"]).names == set(second["names"])
    assert not is_held()


def test_a_ledger_that_was_put_back_sees_a_mark_that_it_never_wrote(
    acme: Organization, syncer: Syncer
) -> None:
    before = one_mark_ago(acme, syncer)
    keep(syncer)
    assert is_held()
    restore = database.session.scalars(select(Restore)).one()
    assert restore.kind == "mark"
    assert restore.since == before["confirmed_at"] - MARGIN
    entry = database.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "ledger.held")
    ).one()
    assert entry.facts["why"] == restore.told


def test_a_reply_that_was_lost_is_no_strangers_mark(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(syncer)
    charge_and_sync(acme, syncer, 700)
    write = syncer.gateway.write_mark

    def lose(*what: Any, **how: Any) -> None:
        write(*what, **how)
        raise OutcomeUnknown("The reply was lost.")

    with monkeypatch.context() as patched:
        patched.setattr(syncer.gateway, "write_mark", lose)
        with pytest.raises(OutcomeUnknown):
            keep(syncer)
    database.session.rollback()
    keep(syncer)
    assert not is_held()
    found = row()
    assert len(found["names"]) == 1
    assert syncer.gateway.mark(found["stripe_id"]).names == set(found["names"])


def test_the_object_is_made_once_though_the_reply_was_lost(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = syncer.gateway.create_mark
    made = []

    def lose(*what: Any, **how: Any) -> None:
        made.append(create(*what, **how).id)
        raise OutcomeUnknown("The reply was lost.")

    with monkeypatch.context() as patched:
        patched.setattr(syncer.gateway, "create_mark", lose)
        with pytest.raises(OutcomeUnknown):
            keep(syncer)
    database.session.rollback()
    keep(syncer)
    assert made == [row()["stripe_id"]]


def test_the_object_that_bears_it_is_no_gap(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    whose = this_installation().identity
    shown = syncer.gateway.customers_page(whose, after=None).items
    assert row()["stripe_id"] in {one.id for one in shown}
    assert list(customer_gaps(shown)) == []


def test_one_that_was_deleted_at_stripe_is_made_again(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    gone = row()["stripe_id"]
    syncer.gateway._call("DELETE customer", f"/v1/customers/{gone}")
    charge_and_sync(acme, syncer, 700)
    for _ in range(2):
        keep(syncer)
    assert row()["stripe_id"] not in (None, gone)
    assert not is_held()


def test_another_history_of_the_database_holds_at_once(db: object) -> None:
    now = utc_now()
    with transaction():
        look_at_history(now=now)
    before = database.session.scalar(text("select nextval('organizations_id_seq')"))
    put_back({"history": "0000002A"})
    with transaction():
        look_at_history(now=now + timedelta(seconds=10))
    restore = database.session.scalars(select(Restore)).one()
    assert restore.kind == "history"
    assert abs(restore.since - (now - MARGIN)) < timedelta(seconds=5)
    assert "PostgreSQL" in str(why_held())
    after = database.session.scalar(text("select nextval('organizations_id_seq')"))
    assert after - before > 1_000_000
    with transaction():
        look_at_history(now=now + timedelta(seconds=20))
    assert len(database.session.scalars(select(Restore)).all()) == 1


def test_a_ledger_that_stood_still_is_compared_before_anything_is_sent(
    acme: Organization, syncer: Syncer
) -> None:
    keep(syncer)
    put_back({"alive_at": utc_now() - STOOD_STILL - timedelta(seconds=1)})
    with transaction():
        look_at_history(now=utc_now())
    assert why_held() == COMPARING
    keep(syncer)
    assert not is_held()
    assert database.session.scalar(select(Restore)) is None


def test_a_dump_that_was_put_back_is_noticed_before_anything_is_sent(
    acme: Organization, syncer: Syncer
) -> None:
    keep(syncer)
    alive_at = utc_now() - timedelta(minutes=10)
    before = row() | {"alive_at": alive_at}
    charge_and_sync(acme, syncer, 700)
    keep(syncer)
    put_back(before)
    with transaction():
        look_at_history(now=utc_now())
    keep(syncer)
    restore = database.session.scalars(select(Restore)).one()
    assert restore.since == alive_at - MARGIN
    assert is_held()


def test_while_it_is_held_nothing_is_sent_and_no_money_moved(
    acme: Organization, syncer: Syncer
) -> None:
    with transaction():
        look_at_history(now=utc_now())
    put_back({"history": "0000002A"})
    with transaction():
        look_at_history(now=utc_now())
    syncer.operations()
    with pytest.raises(LedgerIsHeld):
        syncer.sync(current_invoice(acme))
    database.session.rollback()
    with pytest.raises(Conflict, match="Nothing was changed"):
        roll_early(acme, reason="Asked for", actor=SUPPORT, now=utc_now())
    database.session.rollback()
    assert syncer.operations() == []
    with transaction():
        # What people and senders do here goes on.
        make_organization("globex", anchor=utc_now(), now=utc_now())
