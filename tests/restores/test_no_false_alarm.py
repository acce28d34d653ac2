"""A healthy installation is never held for long, and each stop has an end that is named."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, func, select, text

from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.extensions import db as database
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.installation import Installation
from dashboard.organizations.models import Organization
from dashboard.restores.held import (
    COMPARED_WITHIN,
    LedgerIsHeld,
    check_not_held,
    is_held,
    is_restored,
    why_comparing,
)
from dashboard.restores.models import LedgerMark, Restore
from dashboard.restores.notice import COMPARING, STOOD_STILL, look_at_history, notice
from dashboard.restores.release import end_comparison
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.restores import (
    charge_and_sync,
    keep,
    let_go,
    look,
    one_mark_ago,
    put_back,
    restored,
    row,
)
from tests.support.syncing import Syncer


def stood_still() -> None:
    put_back({"alive_at": utc_now() - STOOD_STILL - timedelta(seconds=5)})
    with transaction():
        look_at_history(now=utc_now())
    database.session.expire_all()


def restores() -> int:
    return database.session.scalar(select(func.count()).select_from(Restore)) or 0


def failing(write: Callable[..., Any], *, is_sent: bool) -> Callable[..., Any]:
    def fail(*what: Any, **how: Any) -> None:
        if is_sent:
            write(*what, **how)
        raise OutcomeUnknown("The reply was lost.")

    return fail


@pytest.mark.parametrize("is_sent", [True, False], ids=["after", "before"])
def test_any_number_of_writes_that_failed_hold_nothing(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch, is_sent: bool
) -> None:
    keep(syncer)
    [confirmed] = row()["names"]
    charge_and_sync(acme, syncer, 700)
    with monkeypatch.context() as patched:
        fail = failing(syncer.gateway.write_mark, is_sent=is_sent)
        patched.setattr(syncer.gateway, "write_mark", fail)
        for minute in range(25):
            with pytest.raises(OutcomeUnknown):
                keep(syncer, utc_now() + timedelta(minutes=minute))
            database.session.rollback()
    found = row()
    assert found["names"] == [confirmed, found["pending"]["name"]]
    # Another hour, another key: one of Stripe's failures stays under the first.
    for hours in (0, 2):
        charge_and_sync(acme, syncer, 800 + hours)
        keep(syncer, utc_now() + timedelta(hours=hours))
        assert not is_held()
    assert syncer.gateway.mark(found["stripe_id"]).names == set(row()["names"])


def test_a_reply_that_comes_after_a_later_mark_says_nothing(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(syncer)
    charge_and_sync(acme, syncer, 700)
    write = syncer.gateway.write_mark
    begun: list[bool] = []

    def overtaken(*what: Any, **how: Any) -> Any:
        found = write(*what, **how)
        if not begun:
            begun.append(True)
            keep(syncer)
            charge_and_sync(acme, syncer, 800)
            keep(syncer)
        return found

    monkeypatch.setattr(syncer.gateway, "write_mark", overtaken)
    keep(syncer)
    assert begun
    assert not is_held()
    assert restores() == 0


def test_a_stop_while_stripe_cannot_be_read_holds_only_calls_after_a_while(
    acme: Organization, syncer: Syncer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(syncer)
    stood_still()
    assert why_comparing() == COMPARING
    assert is_held()
    assert not is_restored()
    with pytest.raises(Conflict, match="An admin may end it"):
        check_not_held()
    put_back({"held_at": utc_now() - COMPARED_WITHIN - timedelta(seconds=5)})
    assert not is_held(), "what is done here goes on"
    check_not_held()
    with pytest.raises(LedgerIsHeld, match="stood still"):
        syncer.sync(current_invoice(acme))
    database.session.rollback()
    with monkeypatch.context() as patched:
        patched.setattr(syncer.gateway, "mark", failing(syncer.gateway.mark, is_sent=False))
        with pytest.raises(OutcomeUnknown):
            keep(syncer)
    database.session.rollback()
    assert why_comparing() is not None
    keep(syncer)
    assert why_comparing() is None
    charge_and_sync(acme, syncer, 700)


def test_an_admin_ends_a_comparison_with_a_reason(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    with pytest.raises(Conflict, match="not compared now"), transaction():
        end_comparison(actor=SUPPORT, now=utc_now(), reason="Nothing was put back.")
    stood_still()
    with pytest.raises(Conflict, match="Say why"), transaction():
        end_comparison(actor=SUPPORT, now=utc_now(), reason=None)
    with transaction():
        end_comparison(actor=SUPPORT, now=utc_now(), reason="Nothing was put back.")
    assert why_comparing() is None
    assert not is_held()
    charge_and_sync(acme, syncer, 700)


def test_the_command_names_the_way_out_and_goes_it(
    app: Flask, acme: Organization, syncer: Syncer
) -> None:
    keep(syncer)
    stood_still()

    def run(*words: str) -> Result:
        found = app.test_cli_runner().invoke(args=["restores", *words])
        database.session.rollback()
        database.session.expire_all()
        return found

    assert "restores release --reason" in run("show").output
    assert "Say why" in run("release").output
    assert run("release", "--reason", "Nothing was put back.").exit_code == 0
    assert not is_held()
    assert "not held" in run("release").output
    assert run("hold").exit_code == 0
    assert "or give a reason" in run("release").output, "Stripe was not read back"
    assert run("release", "--reason", "It is known.").exit_code == 0
    assert not is_held()


def test_a_clock_that_is_wrong_stops_nothing(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    for minutes in (-30, 30, 0):
        with transaction():
            assert look_at_history(now=utc_now() + timedelta(minutes=minutes))
    assert not is_held()


def test_an_object_that_is_gone_ends_the_stop(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    syncer.gateway._call("DELETE customer", f"/v1/customers/{row()['stripe_id']}")
    stood_still()
    keep(syncer)
    assert not is_held()
    assert row()["stripe_id"] is None


def test_a_stop_without_an_object_ends(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    stood_still()
    # As a worker left it that was killed between the two.
    put_back({"stripe_id": None, "names": []})
    keep(syncer)
    assert not is_held()


def test_a_copy_that_became_its_own_leaves_the_originals_mark(
    acme: Organization, syncer: Syncer
) -> None:
    keep(syncer)
    original = row()
    with transaction():
        database.session.execute(delete(Installation))
    database.session.expire_all()
    stood_still()
    keep(syncer)
    assert not is_held()
    assert row()["stripe_id"] is None
    keep(syncer)
    assert row()["stripe_id"] not in (None, original["stripe_id"])
    shown = syncer.gateway.mark(original["stripe_id"])
    assert shown.names == set(original["names"]), "it was not written"
    assert restores() == 0


def test_what_was_released_is_not_held_over_the_same_mark(
    acme: Organization, syncer: Syncer
) -> None:
    before = one_mark_ago(acme, syncer)
    restored(utc_now() - timedelta(minutes=5), "history")
    keep(syncer)
    assert "mark" in [kind for kind, _ in look(syncer)]
    let_go()
    for cents in (800, 900):
        charge_and_sync(acme, syncer, cents)
        keep(syncer)
        assert not is_held()
    assert syncer.gateway.mark(before["stripe_id"]).names == set(row()["names"])
    assert restores() == 1


def test_nor_where_it_was_released_before_the_mark_was_read(
    acme: Organization, syncer: Syncer
) -> None:
    before = one_mark_ago(acme, syncer)
    restored(utc_now() - timedelta(minutes=5))
    let_go("Stripe cannot be read, and it is known what was lost.")
    for cents in (800, 900):
        charge_and_sync(acme, syncer, cents)
        keep(syncer)
        assert not is_held()
    put_back(before)
    charge_and_sync(acme, syncer, 950)
    keep(syncer)
    assert is_held(), "it was accepted once"


def test_a_second_restore_begins_the_look_again(acme: Organization, syncer: Syncer) -> None:
    restored(utc_now() - timedelta(minutes=5), "history")
    look(syncer)
    number = text("select nextval('invoices_id_seq')")
    before = database.session.scalar(number) or 0
    since = utc_now() - timedelta(minutes=30)
    with transaction():
        found = notice("mark", "Stripe has a mark.", since=since, now=utc_now())
        assert (found.kind, found.place, found.looked_at) == ("mark", 0, None)
        assert found.since < since
        assert found.told == "It was restored. Stripe has a mark."
    assert restores() == 1
    assert (database.session.scalar(number) or 0) > before + 1_000_000


def test_two_restores_to_one_backup_draw_other_numbers(db: object) -> None:
    numbers = []
    for _ in range(2):
        with transaction():
            database.session.execute(text("select setval('invoices_id_seq', 1000)"))
            database.session.execute(text("select move_numbers()"))
        numbers.append(database.session.scalar(text("select nextval('invoices_id_seq')")))
    # Outside of what any backup knows: a million for each minute of the calendar.
    assert numbers[0] > 100_000_000_000
    assert all(one < 2**53 for one in numbers)


def test_the_row_says_of_whom_it_is(acme: Organization, syncer: Syncer) -> None:
    keep(syncer)
    mark = database.session.scalars(select(LedgerMark)).one()
    assert mark.identity == database.session.scalars(select(Installation)).one().identity
