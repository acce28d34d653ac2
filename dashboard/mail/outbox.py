"""The outbox: what is to be sent, when it is tried, and what became of it.

A try is noted before it begins, so one that its worker did not survive is tried again later, and
two workers never send the same mail.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, delete, func, or_, select, update

from dashboard.accounts.models import Invitation, User
from dashboard.email_address import known_as
from dashboard.extensions import db
from dashboard.mail.models import Mail

# Who asked for a link by themselves sits and waits; an hour later they have asked again.
WAITED_FOR = timedelta(hours=1)
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=30)
KEPT = timedelta(days=90)
BROKE_OFF = "Its worker ended while sending it."
NO_NEWS = "No server accepted it within three days, so it is no longer news."
TOO_LATE = "No server accepted it before its link ended."
LONGEST_PROBLEM = 300


def mail_invitation(invitation: Invitation, *, now: datetime) -> Mail:
    """Return a new mail with the link of an invitation; one still on its way is given up."""
    for older in db.session.scalars(_waiting().where(Mail.invitation_id == invitation.id)):
        older.given_up_at, older.problem = now, "It was sent again."
    db.session.flush()
    mail = _mail("invitation", invitation.email, invitation.expires_at, now)
    mail.invitation_id = invitation.id
    return mail


def mail_reset(address: str, *, now: datetime, made_by: int | None = None) -> Mail:
    """Return a new mail with a link to set a password, for whoever signs in with `address`.

    Whether anybody does is not looked at: so it takes as long for those who do not.
    """
    mail = _mail("reset", known_as(address), now + WAITED_FOR, now)
    mail.made_by_id = made_by
    return mail


def is_any_due(*, now: datetime) -> bool:
    """Whether a mail is to be tried now."""
    return db.session.scalar(select(_due(now).exists())) or False


def take_due(*, now: datetime) -> Mail | None:
    """Return the mail that has been due for longest, its try noted; None if there is none.

    Links that somebody waits for go before all that is about bills. The caller commits before it
    sends.
    """
    due = _due(now).order_by(Mail.next_attempt_at, Mail.id).limit(1)
    due = due.with_for_update(skip_locked=True)
    mail = db.session.scalar(due.where(Mail.occasion.is_(None))) or db.session.scalar(due)
    if mail is None:
        return None
    mail.attempts += 1
    mail.problem = BROKE_OFF
    mail.next_attempt_at = now + pause_after(mail.attempts)
    return mail


def note_sent(mail: Mail, *, now: datetime) -> None:
    """Note that a server took the mail."""
    mail.sent_at, mail.problem = now, None


def note_failure(mail: Mail, problem: str, *, for_good: bool, now: datetime) -> None:
    """Note why the mail was not taken; one refused `for_good`, or too late, is not tried again."""
    mail.problem = problem[:LONGEST_PROBLEM]
    if for_good or mail.next_attempt_at >= mail.ends_at:
        mail.given_up_at = now


def give_up(mail: Mail, problem: str, *, now: datetime) -> None:
    """Note that the mail is not sent any more."""
    note_failure(mail, problem, for_good=True, now=now)


def put_off(mail: Mail, *, now: datetime) -> None:
    """Let the others wait along with one at which the server did not answer."""
    others = update(Mail).where(*_WAITS, Mail.next_attempt_at <= now)
    db.session.execute(others.values(next_attempt_at=mail.next_attempt_at))


def end_late(*, now: datetime) -> None:
    """Give up what is about a bill and is no news any more, so that it does not pile up."""
    late = update(Mail).where(*_WAITS, Mail.occasion.is_not(None), Mail.ends_at <= now)
    db.session.execute(
        late.values(given_up_at=now, problem=func.coalesce(Mail.problem, NO_NEWS)),
        execution_options={"synchronize_session": False},
    )


class Waiting(NamedTuple):
    """How many mails should have left by now, since when the first of them, and why it has not."""

    number: int
    since: datetime | None
    problem: str | None


def waiting(*, now: datetime) -> Waiting:
    """Return what is in the outbox and due, or was tried already."""
    due = (*_WAITS, or_(Mail.next_attempt_at <= now, Mail.attempts > 0))
    number, since = db.session.execute(
        select(func.count(), func.min(Mail.created_at)).where(*due)
    ).one()
    problem = select(Mail.problem).where(*due, Mail.problem.is_not(None))
    newest = problem.order_by(Mail.next_attempt_at.desc(), Mail.id.desc()).limit(1)
    return Waiting(number, since, db.session.scalar(newest) if number else None)


def newest_of(invitation_ids: Collection[int]) -> dict[int, Mail]:
    """Return the newest mail of each of these invitations, by the invitation's id."""
    query = select(Mail).where(Mail.invitation_id.in_(invitation_ids)).order_by(Mail.id)
    return {one.invitation_id: one for one in db.session.scalars(query) if one.invitation_id}


def newest_to(user: User) -> Mail | None:
    """Return the newest mail by which a person was sent a link for a password."""
    query = select(Mail).where(Mail.address == user.email, Mail.kind == "reset")
    return db.session.scalar(query.order_by(Mail.id.desc()).limit(1))


def forget_old(*, now: datetime) -> None:
    """Delete the mails that ended long ago."""
    ended = or_(Mail.sent_at < now - KEPT, Mail.given_up_at < now - KEPT)
    db.session.execute(delete(Mail).where(ended))


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many tries: twice as long each time."""
    doubled: int = 2 ** min(attempts - 1, 16)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _mail(kind: str, address: str, ends_at: datetime, now: datetime) -> Mail:
    mail = Mail(kind=kind, address=address, created_at=now, ends_at=ends_at, next_attempt_at=now)
    db.session.add(mail)
    return mail


_WAITS = (Mail.sent_at.is_(None), Mail.given_up_at.is_(None))


def _waiting() -> Select[Mail]:
    return select(Mail).where(*_WAITS)


def _due(now: datetime) -> Select[Mail]:
    return _waiting().where(Mail.next_attempt_at <= now)
