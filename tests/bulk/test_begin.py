"""A bulk action is begun of exactly as many rows as somebody confirmed, and goes on record once."""

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.bulk import begin as module
from dashboard.bulk.begin import cancel
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.clock import utc_now
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import make_bill
from tests.support.bulk import begun, counts, states, step


@pytest.fixture
def bills(db: SQLAlchemy) -> list[Invoice]:
    """Three organizations' bills."""
    return [make_bill(f"org-{number}") for number in range(3)]


def owners(bills: list[Invoice]) -> list[int]:
    """Return whose bills these are."""
    return [one.organization_id for one in bills]


def test_it_has_a_member_for_each_current_invoice_and_one_entry(bills: list[Invoice]) -> None:
    act = begun("sync", owners(bills))
    assert states(act) == {one.id: "waiting" for one in bills}
    assert (act.total, counts(act)) == (3, (3, 0, 0, 0))
    entries = database.session.scalars(select(AuditEntry)).all()
    [entry] = [one for one in entries if one.subject_type == "bulk_actions"]
    assert (entry.action, entry.reason) == ("bulk_action.begun", "The cause is fixed")
    assert entry.facts == {"verb": "sync", "number": 3, "which": "all of them"}


def test_another_number_than_was_confirmed_begins_nothing(bills: list[Invoice]) -> None:
    with pytest.raises(Stale, match=r"There are now 3, and you confirmed 2. Nothing was started"):
        begun("sync", owners(bills), confirmed=2)
    assert database.session.scalar(select(func.count()).select_from(BulkAction)) == 0
    assert database.session.scalar(select(func.count()).select_from(BulkMember)) == 0


def test_nothing_at_all_is_refused(bills: list[Invoice]) -> None:
    with pytest.raises(Conflict, match="Nothing is left to do"):
        begun("release", owners(bills))


def test_too_many_are_refused_before_they_are_written(
    bills: list[Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    with pytest.raises(Invalid, match=r"2 rows at most. Nothing was started"):
        begun("sync", owners(bills))


def test_a_release_reaches_what_is_on_hold_and_nothing_else(bills: list[Invoice]) -> None:
    with transaction():
        put_on_hold(bills[1], "differs", "It differs.", now=utc_now())
    assert list(states(begun("release", owners(bills)))) == [bills[1].id]


def test_a_canceled_act_begins_no_more_and_says_so_once(bills: list[Invoice]) -> None:
    act = begun("sync", owners(bills))
    for _ in range(2):
        with transaction():
            cancel(act, actor=SUPPORT, now=utc_now())
    step(act)
    assert (act.state, counts(act)) == ("canceled", (3, 0, 0, 0))
    said = database.session.scalars(select(AuditEntry.action)).all()
    assert said.count("bulk_action.canceled") == said.count("bulk_action.ended") == 1
    with pytest.raises(Conflict, match="already ended"):
        cancel(act, actor=SUPPORT, now=utc_now())
