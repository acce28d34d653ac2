"""A mail is tried again until it is taken, refused for good, or of no use any more."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.invitations import invite
from dashboard.accounts.models import Invitation
from dashboard.audit.actor import SYSTEM
from dashboard.extensions import db as database
from dashboard.mail.models import Mail
from dashboard.mail.outbox import (
    BROKE_OFF,
    KEPT,
    WAITED_FOR,
    forget_old,
    is_any_due,
    mail_invitation,
    mail_reset,
    newest_of,
    note_failure,
    note_sent,
    pause_after,
    put_off,
    take_due,
)
from dashboard.transaction import transaction

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def invitation() -> Invitation:
    """Return somebody's invitation."""
    return invite("ada@example.com", "admin", actor=SYSTEM, now=NOW)


def reset(address: str = "ada@example.com") -> Mail:
    """Return the stored mail of a link for a password."""
    mail = mail_reset(address, now=NOW)
    database.session.flush()
    return mail


def test_a_mail_is_due_at_once(db: SQLAlchemy) -> None:
    assert not is_any_due(now=NOW)
    mail = reset()
    assert is_any_due(now=NOW)
    assert mail.state == "waits"
    assert take_due(now=NOW) is mail


def test_a_try_is_noted_before_it_begins(db: SQLAlchemy) -> None:
    reset()
    mail = take_due(now=NOW)
    assert mail is not None
    assert (mail.attempts, mail.problem, mail.state) == (1, BROKE_OFF, "delayed")
    assert take_due(now=NOW) is None
    assert take_due(now=NOW + pause_after(1)) is mail


def test_two_workers_never_take_the_same_mail(db: SQLAlchemy) -> None:
    with transaction():
        reset()
    mail = take_due(now=NOW)
    with db.engine.connect() as other:
        left = select(Mail.id).where(Mail.sent_at.is_(None)).with_for_update(skip_locked=True)
        assert other.execute(left).all() == []
    assert mail is not None


def test_each_pause_is_twice_as_long_up_to_half_an_hour() -> None:
    pauses = [pause_after(number).total_seconds() for number in range(1, 10)]
    assert pauses == [15, 30, 60, 120, 240, 480, 960, 1800, 1800]
    assert pause_after(10_000).total_seconds() == 1800


def test_what_is_refused_for_good_is_given_up_and_keeps_the_reason(db: SQLAlchemy) -> None:
    reset()
    mail = take_due(now=NOW)
    assert mail is not None
    note_failure(mail, "550 No such user" + "!" * 400, for_good=True, now=NOW)
    assert (mail.state, len(str(mail.problem))) == ("given_up", 300)
    assert not is_any_due(now=NOW + timedelta(days=1))


def test_a_mail_is_given_up_once_the_next_try_would_come_too_late(db: SQLAlchemy) -> None:
    reset()
    at = NOW
    for _ in range(100):
        mail = take_due(now=at)
        assert mail is not None
        note_failure(mail, "450 Later", for_good=False, now=at)
        if mail.state == "given_up":
            break
        at = mail.next_attempt_at
    assert at < NOW + WAITED_FOR
    assert (mail.state, mail.attempts, mail.problem) == ("given_up", 8, "450 Later")


def test_a_sent_mail_is_not_sent_again(db: SQLAlchemy) -> None:
    reset()
    mail = take_due(now=NOW)
    assert mail is not None
    note_sent(mail, now=NOW)
    assert (mail.state, mail.problem) == ("sent", None)
    assert not is_any_due(now=NOW + timedelta(days=1))


def test_when_the_server_is_away_all_wait_for_it_together(db: SQLAlchemy) -> None:
    mails = [reset(f"{number}@example.com") for number in range(3)]
    tried = take_due(now=NOW)
    assert tried is mails[0]
    put_off(tried, now=NOW)
    assert not is_any_due(now=NOW + pause_after(1) - SECOND)
    assert {one.next_attempt_at for one in mails} == {NOW + pause_after(1)}
    assert [one.attempts for one in mails] == [1, 0, 0]


def test_an_invitation_mailed_again_is_on_its_way_once(db: SQLAlchemy) -> None:
    invited = invitation()
    older = mail_invitation(invited, now=NOW)
    newer = mail_invitation(invited, now=NOW + SECOND)
    db.session.flush()
    assert (older.state, newer.state) == ("given_up", "waits")
    assert newest_of([invited.id]) == {invited.id: newer}
    assert newer.ends_at == invited.expires_at


@pytest.mark.parametrize("ended", ["sent_at", "given_up_at"])
def test_what_ended_long_ago_is_forgotten(db: SQLAlchemy, ended: str) -> None:
    old, recent, waiting = reset("old@example.com"), reset("recent@example.com"), reset()
    setattr(old, ended, NOW - KEPT - SECOND)
    setattr(recent, ended, NOW - KEPT)
    db.session.flush()
    forget_old(now=NOW)
    assert set(db.session.scalars(select(Mail))) == {recent, waiting}
