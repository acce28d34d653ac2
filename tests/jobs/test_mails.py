"""Mails are written and sent by a worker; whatever is away meanwhile, they arrive in the end."""

from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from redis import Redis
from sqlalchemy import select, update

from dashboard.accounts.invitations import invite, withdraw
from dashboard.accounts.models import Invitation, User
from dashboard.accounts.people import change_role, deactivate
from dashboard.audit.actor import SYSTEM
from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.mail.message import Letter, message_of
from dashboard.mail.models import Mail
from dashboard.mail.outbox import BROKE_OFF, mail_invitation, mail_reset
from dashboard.mail.transport import NotTaken, Smtp
from dashboard.transaction import commit, transaction
from jobs.mails import forget_mails, send_due_mails, send_mails
from jobs.queues import queue_named
from tests.factories import UserFactory, make_organization
from tests.pages import page
from tests.people import browser_of
from tests.support.mail import Kept, Mailbox, link_in, mail_server, post, text_of

__all__ = ["post"]
pytestmark = pytest.mark.usefixtures("db", "redis")


def invited(email: str = "ada@example.com", role: str = "admin", **more: int) -> Invitation:
    """Invite somebody by mail."""
    with transaction():
        invitation = invite(email, role, actor=SYSTEM, now=utc_now(), **more)
        mail_invitation(invitation, now=utc_now())
    return invitation


def asked_for(address: str, made_by: int | None = None) -> None:
    """Ask for a link for a password."""
    with transaction():
        mail_reset(address, now=utc_now(), made_by=made_by)


def person(email: str = "ada@example.com", role: str = "support") -> User:
    """Return a stored person."""
    with transaction():
        return UserFactory(email=email, role=role)


def only_mail() -> Mail:
    """Return the one mail as it is stored."""
    db.session.expire_all()
    return db.session.scalars(select(Mail)).one()


def opens(app: Flask, link: str) -> str:
    """Follow a link; return the title of the page."""
    parts = urlsplit(link)
    soup = page(browser_of(app).get(f"{parts.path}?{parts.query}"))
    return str(soup.h1.get_text(strip=True)) if soup.h1 else ""


def test_an_invitation_arrives_and_its_link_opens(app: Flask, post: Kept) -> None:
    acme = make_organization("acme", name="Acme <Freight>")
    invited(role="customer", organization_id=acme.id)
    send_mails()
    [message] = post.messages
    assert message["To"] == "ada@example.com"
    assert "to see the bills of Acme <Freight>" in " ".join(text_of(message).split())
    html = message.get_body(("html",))
    assert html is not None
    assert "Acme &lt;Freight&gt;" in html.get_content()
    assert link_in(message).startswith("http://localhost:8000/invitation?secret=")
    assert opens(app, link_in(message)) == "Welcome"
    assert only_mail().state == "sent"


def test_a_link_for_a_password_arrives_and_is_put_on_record(app: Flask, post: Kept) -> None:
    person()
    asked_for(" Ada@Example.com ")
    send_mails()
    [message] = post.messages
    assert message["To"] == "ada@example.com"
    assert opens(app, link_in(message)) == "Set a new password"
    actions = db.session.scalars(select(AuditEntry.action)).all()
    assert actions == ["person.reset_link_mailed"]


def test_a_real_server_gets_it(app: Flask, post: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    mailbox = Mailbox()
    with mail_server(mailbox) as server:
        monkeypatch.setitem(app.extensions, "mail", Smtp(server, "acme.com"))
        asked_for("ada@example.com")
        send_mails()
    assert [one.rcpt_tos for one in mailbox.envelopes] == [["ada@example.com"]]
    assert only_mail().state == "sent"


@pytest.mark.parametrize("address", ["nobody@example.com", "gone@example.com"])
def test_of_an_address_that_is_nobodys_nothing_is_sent_or_kept(post: Kept, address: str) -> None:
    gone = person("gone@example.com")
    with transaction():
        deactivate(gone, actor=SYSTEM, now=utc_now())
    asked_for(address)
    send_mails()
    assert post.messages == []
    assert db.session.scalars(select(Mail)).all() == []


def test_an_invitation_that_ended_meanwhile_is_not_sent(post: Kept) -> None:
    invitation = invited()
    with transaction():
        withdraw(invitation, actor=SYSTEM, now=utc_now())
    send_mails()
    assert post.messages == []
    assert (only_mail().state, only_mail().problem) == (
        "given_up",
        "The invitation ended before it was sent.",
    )


def test_the_link_of_who_is_no_admin_any_more_is_not_sent(post: Kept) -> None:
    person("first@example.com", "admin")
    made_by = person("second@example.com", "admin")
    person()
    asked_for("ada@example.com", made_by=made_by.id)
    with transaction():
        change_role(made_by, "support", actor=SYSTEM, now=utc_now())
    send_mails()
    assert post.messages == []
    assert only_mail().state == "given_up"


def test_a_server_that_is_away_is_asked_once_and_all_go_when_it_is_back(post: Kept) -> None:
    for number in range(3):
        person(f"{number}@example.com")
        asked_for(f"{number}@example.com")
    post.refusal = NotTaken("The mail server cannot be used: it is away.", is_server=True)
    send_mails()
    attempts = db.session.scalars(select(Mail.attempts).order_by(Mail.id)).all()
    assert attempts == [1, 0, 0]
    post.refusal = None
    send_mails()
    assert post.messages == []
    with time_machine.travel(utc_now() + timedelta(seconds=16), tick=False):
        send_mails()
    assert len(post.messages) == 3


def test_one_address_that_is_refused_holds_up_no_other(post: Kept) -> None:
    for number in range(2):
        person(f"{number}@example.com")
        asked_for(f"{number}@example.com")
    post.refusal = NotTaken("The mail server refused it: 550 No such user.", for_good=True)
    send_mails()
    states = {one.state for one in db.session.scalars(select(Mail))}
    assert states == {"given_up"}


def test_a_worker_killed_in_the_midst_leaves_it_to_be_tried_again(post: Kept) -> None:
    person()
    asked_for("ada@example.com")
    post.refusal = SystemExit()
    with pytest.raises(SystemExit):
        send_mails()
    mail = only_mail()
    assert (mail.state, mail.problem) == ("delayed", BROKE_OFF)
    post.refusal = None
    with time_machine.travel(utc_now() + timedelta(seconds=16), tick=False):
        send_mails()
    assert (len(post.messages), only_mail().state) == (1, "sent")


def test_no_transaction_is_open_while_a_server_takes_its_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch, post: Kept
) -> None:
    open_then = []

    class Slow(Kept):
        def send(self, message: object) -> None:
            open_then.append(db.session().in_transaction())

    monkeypatch.setitem(app.extensions, "mail", Slow())
    person()
    asked_for("ada@example.com")
    send_mails()
    assert open_then == [False]


def test_the_clock_has_sent_what_a_lost_redis_forgot(post: Kept, redis: Redis) -> None:
    queue = queue_named("mail", redis)
    send_due_mails()
    assert queue.count == 0
    person()
    asked_for("ada@example.com")
    send_due_mails()
    send_due_mails()
    assert queue.job_ids == queue.job_ids[:1] != []


def test_where_no_mail_can_be_sent_it_waits(app: Flask, redis: Redis) -> None:
    person()
    asked_for("ada@example.com")
    send_due_mails()
    send_mails()
    assert queue_named("mail", redis).count == 0
    assert only_mail().state == "waits"


def test_mails_of_long_ago_are_forgotten(post: Kept) -> None:
    person()
    asked_for("ada@example.com")
    send_mails()
    db.session.execute(update(Mail).values(sent_at=utc_now() - timedelta(days=91)))
    commit()
    forget_mails()
    assert db.session.scalars(select(Mail)).all() == []


def test_a_mail_that_cannot_be_written_holds_up_no_other(
    app: Flask, post: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(letter: Letter, **how: object) -> EmailMessage:
        if letter.to == "odd@example.com":
            raise ValueError("not in a header")
        return message_of(letter, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("jobs.mails.message_of", write)
    odd = invited("odd@example.com", "support")
    invited("ada@example.com", "support")
    send_mails()
    assert [message["To"] for message in post.messages] == ["ada@example.com"]
    [state] = db.session.scalars(select(Mail).where(Mail.invitation_id == odd.id))
    assert (state.state, "could not be created" in (state.problem or "")) == ("given_up", True)
