"""Mails about bills are sent by a worker: once, to who gets them, and nothing waits for it."""

import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from dashboard.billing.mailing import mail_failed
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.mail.models import Mail, RefusedAddress
from dashboard.mail.outbox import forget_old, mail_reset
from dashboard.mail.transport import NotTaken, Smtp
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.mails import send_mails
from tests.factories import UserFactory
from tests.pages import page, text_of
from tests.people import browser_of
from tests.support.bill_mails import BILLING, invoice, issue, mails, mails_on, member, organization
from tests.support.mail import Kept, Mailbox, mail_server, post
from tests.support.void_cases import LATER

__all__ = ["invoice", "mails_on", "organization", "post"]
pytestmark = pytest.mark.usefixtures("db", "redis")
SOON = LATER + timedelta(minutes=2)


@pytest.fixture
def issued(invoice: Invoice) -> Invoice:
    """An invoice that was just issued, of which a mail waits."""
    issue(invoice)
    db.session.commit()
    return invoice


def send(at: datetime = SOON) -> None:
    """Let a worker send what is due."""
    with time_machine.travel(at, tick=False):
        send_mails()
    db.session.expire_all()


def test_a_real_server_gets_text_and_html_and_what_was_said_is_kept(
    app: Flask, post: Kept, issued: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as server:
        monkeypatch.setitem(app.extensions, "mail", Smtp(server, "acme.com"))
        send()
        send()
    [envelope] = mailbox.envelopes
    assert envelope.rcpt_tos == [BILLING]
    arrived = message_from_bytes(envelope.original_content, policy=policy.default)
    assert arrived["Subject"] == "Invoice F-0001 for Acme: $25.61"
    assert arrived["List-Unsubscribe"] is None
    assert [part.get_content_type() for part in arrived.iter_parts()] == ["text/plain", "text/html"]
    [mail] = mails()
    assert mail.state == "sent"
    assert mail.told is not None
    assert mail.told["subject"] == arrived["Subject"]


def test_one_that_its_worker_did_not_see_taken_comes_twice_under_one_name(
    app: Flask, post: Kept, issued: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(Kept):
        def send(self, message: EmailMessage) -> None:
            super().send(message)
            if len(self.messages) == 1:
                raise SystemExit

    dying = Dying()
    monkeypatch.setitem(app.extensions, "mail", dying)
    with pytest.raises(SystemExit):
        send()
    send(SOON + timedelta(seconds=16))
    send(SOON + timedelta(hours=1))
    first, second = dying.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert mails()[0].state == "sent"


def test_links_that_somebody_waits_for_go_before_bills(post: Kept, issued: Invoice) -> None:
    with transaction():
        UserFactory(email="ada@example.com", role="support")
        mail_reset("ada@example.com", now=SOON)
    send()
    assert [message["To"] for message in post.messages] == ["ada@example.com", BILLING]


def test_a_mailbox_that_is_not_there_is_marked_and_gets_no_more(
    post: Kept, issued: Invoice
) -> None:
    why = "The mail server refused it: 550 5.1.1 No such user."
    post.refusal = NotTaken(why, for_good=True, is_address=True)
    send()
    assert db.session.scalars(select(RefusedAddress.address)).all() == [BILLING]
    post.refusal = None
    mail_failed(issued, 1, at=LATER, now=LATER)
    db.session.commit()
    send()
    assert post.messages == []
    assert [mail.state for mail in mails()] == ["given_up", "given_up"]
    assert "550 5.1.1" in str(mails("payment_failed")[0].problem)


def test_a_server_that_is_away_for_days_leaves_no_pile(post: Kept, issued: Invoice) -> None:
    post.refusal = NotTaken("The mail server cannot be used: it is away.", is_server=True)
    send()
    post.refusal = None
    send(LATER + timedelta(days=3, seconds=1))
    assert post.messages == []
    [mail] = mails()
    assert (mail.state, "it is away" in str(mail.problem)) == ("given_up", True)


def test_a_worker_leaves_the_rest_to_the_next_run_before_its_time_is_up(
    post: Kept, issued: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.mails.SECONDS", 0)
    send()
    assert post.messages == []
    monkeypatch.undo()
    send()


def test_what_waits_while_mails_of_bills_are_turned_off_is_not_sent_later(
    post: Kept, issued: Invoice
) -> None:
    db.session.execute(update(Organization).values(mails_bills=False))
    db.session.commit()
    send()
    assert (post.messages, mails()[0].state) == ([], "given_up")


def test_a_person_turns_a_kind_off_from_the_mail_itself(
    app: Flask, post: Kept, issued: Invoice
) -> None:
    member(issued.organization, "owner@acme.example")
    mail_failed(issued, 1, at=LATER, now=LATER)
    db.session.commit()
    send()
    message = next(one for one in post.messages if one["To"] == "owner@acme.example")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(message["List-Unsubscribe"]).strip("<>")
    path = re.sub(r"^https?://[^/]+", "", address)
    browser = browser_of(app)
    assert "on." in text_of(page(browser.get(path)).select_one(".card-body p"))
    answer = browser.post(path, data={"List-Unsubscribe": "One-Click"})
    assert "off. You get none" in text_of(page(answer).select_one(".card-body p"))
    mail_failed(issued, 2, at=LATER, now=LATER)
    db.session.commit()
    to = [mail.address for mail in mails("payment_failed")]
    assert to == [BILLING, "owner@acme.example", BILLING]
    browser.post(path, data={"wanted": "y"})
    mail_failed(issued, 3, at=LATER, now=LATER)
    assert len(mails("payment_failed")) == 5


@pytest.mark.parametrize("secret", ["", "x", "WzEsImEiLCJuIl0.x"])
def test_a_link_that_is_not_ours_turns_nothing_off(app: Flask, secret: str) -> None:
    answer = browser_of(app).post("/mail-opt-outs", query_string={"secret": secret})
    assert answer.status_code == 404


def test_what_is_sent_is_no_part_of_the_money_s_transaction(post: Kept, issued: Invoice) -> None:
    post.refusal = RuntimeError("A transport that breaks")
    with pytest.raises(RuntimeError):
        send()
    assert db.session.get_one(Invoice, issued.id).status == "open"
    assert db.session.scalar(select(Mail.attempts)) == 1


def test_one_that_was_sent_again_since_is_forgotten_in_its_time(
    app: Flask, post: Kept, issued: Invoice
) -> None:
    send()
    [mail] = mails()
    again = Mail(
        kind=mail.kind, address=mail.address, occasion=f"{mail.occasion}:again",
        organization_id=mail.organization_id, invoice_id=mail.invoice_id, sent_again_id=mail.id,
        created_at=LATER, ends_at=LATER, next_attempt_at=LATER, sent_at=LATER,
    )  # fmt: skip
    with transaction():
        db.session.add(again)
        mail.sent_at = LATER - timedelta(days=91)
    with transaction():
        forget_old(now=LATER)
    db.session.expire_all()
    assert [(one.id, one.sent_again_id) for one in mails()] == [(again.id, None)]
