"""A pause of all closings: from when to when, by whom, and one at a time."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.closing.held import closings_held
from dashboard.closing.pause import (
    LONGEST,
    last_pauses,
    pause_closings,
    paused_since,
    resume_closings,
)
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.extensions import db
from dashboard.transaction import transaction

pytestmark = pytest.mark.usefixtures("db")

ADMIN = Actor("user", 1, "Ada")
OTHER = Actor("user", 2, "Grace")
NOW = utc_now()
HOUR = timedelta(hours=1)


def pause(reason: str = "A price is wrong.", *, by: Actor = ADMIN, hours: int = 2) -> int:
    with transaction():
        row = pause_closings(until=NOW + hours * HOUR, reason=reason, actor=by, now=NOW)
        db.session.flush()
        return row.id


def test_nothing_is_held_while_nobody_paused() -> None:
    assert closings_held(now=NOW) is None


def test_a_pause_holds_with_its_reason_until_its_end_and_no_longer() -> None:
    pause()
    assert closings_held(now=NOW + HOUR) == ("A price is wrong.", NOW + 2 * HOUR)
    assert closings_held(now=NOW + 2 * HOUR) is None


def test_who_resumes_ends_it_and_both_are_on_record() -> None:
    one = pause()
    with transaction():
        resume_closings(one, actor=OTHER, now=NOW + HOUR)
    assert closings_held(now=NOW + HOUR) is None
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.action, one.actor_label, one.reason) for one in entries] == [
        ("closing_pause.begun", "Ada", "A price is wrong."),
        ("closing_pause.ended", "Grace", None),
    ]


def test_a_form_sent_twice_pauses_once() -> None:
    assert pause() == pause()
    assert len(last_pauses()) == 1


def test_a_second_pause_is_refused_while_one_holds() -> None:
    pause()
    with pytest.raises(Conflict, match="paused already, by Ada"):
        pause("Another reason.", by=OTHER)


def test_a_pause_whose_time_has_come_stands_in_nobodys_way() -> None:
    pause(hours=1)
    with transaction():
        pause_closings(until=NOW + 5 * HOUR, reason="Once more.", actor=OTHER, now=NOW + 2 * HOUR)
    assert [one.ended_at for one in last_pauses()] == [None, NOW + HOUR]


def test_to_resume_twice_changes_nothing_the_second_time() -> None:
    one = pause()
    for _ in range(2):
        with transaction():
            resume_closings(one, actor=ADMIN, now=NOW + HOUR)
    assert [each.ended_by for each in last_pauses()] == ["Ada"]


def test_who_saw_an_earlier_pause_does_not_end_the_one_that_holds() -> None:
    one = pause()
    with transaction():
        resume_closings(one, actor=ADMIN, now=NOW)
    pause("Another reason.")
    with pytest.raises(Stale):
        resume_closings(one, actor=OTHER, now=NOW)
    db.session.rollback()
    assert closings_held(now=NOW) is not None


@pytest.mark.parametrize("ahead", [timedelta(0), -HOUR, LONGEST + HOUR])
def test_a_pause_has_an_end_that_is_to_come_and_near(ahead: timedelta) -> None:
    with pytest.raises(Invalid):
        pause_closings(until=NOW + ahead, reason="Because.", actor=ADMIN, now=NOW)


def test_a_pause_has_a_reason() -> None:
    with pytest.raises(Invalid, match="reason"):
        pause_closings(until=NOW + HOUR, reason="  ", actor=ADMIN, now=NOW)


def test_who_saw_a_pause_can_have_another_take_its_place_without_a_gap() -> None:
    one = pause()
    with transaction():
        pause_closings(
            until=NOW + 5 * HOUR, reason="Longer.", actor=OTHER, now=NOW + HOUR, replaces=one
        )
    assert closings_held(now=NOW + HOUR) == ("Longer.", NOW + 5 * HOUR)
    assert [(each.ended_at, each.ended_by) for each in last_pauses()] == [
        (None, None),
        (NOW + HOUR, "Grace"),
    ]


def test_who_saw_another_pause_replaces_none() -> None:
    one = pause()
    with pytest.raises(Conflict):
        pause_closings(
            until=NOW + 5 * HOUR, reason="Longer.", actor=OTHER, now=NOW, replaces=one + 1
        )


def test_a_pause_whose_time_came_was_ended_by_no_person() -> None:
    one = pause(hours=1)
    with transaction():
        resume_closings(one, actor=OTHER, now=NOW + 2 * HOUR)
    assert [(each.ended_at, each.ended_by) for each in last_pauses()] == [(NOW + HOUR, None)]
    last = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert last is not None
    assert (last.action, last.actor_kind) == ("closing_pause.expired", "system")


def test_a_pause_that_took_anothers_place_lasts_since_that_one_began() -> None:
    assert paused_since(now=NOW) is None
    first, later = pause(), NOW + HOUR
    with transaction():
        pause_closings(
            until=NOW + 5 * HOUR, reason="Still.", actor=OTHER, now=later, replaces=first
        )
    assert paused_since(now=later) == NOW
    assert paused_since(now=NOW + 5 * HOUR) is None
    with transaction():
        resume_closings(None, actor=ADMIN, now=later + HOUR)
    assert paused_since(now=later + HOUR) is None
    with transaction():
        again = later + 2 * HOUR
        pause_closings(until=again + HOUR, reason="Again.", actor=ADMIN, now=again)
    assert paused_since(now=again) == again
