"""A billing e-mail that is refused needs a person, and mails that do not leave."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.mail.models import Mail
from dashboard.mail.outbox import mail_reset, note_failure, take_due, waiting
from dashboard.mail.refused import accept_again, note_refused
from jobs.watch import MAILS_WAIT, late_mails
from tests.factories import make_organization
from tests.support.mail import Kept
from tests.support.needs import look_now

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_refused_billing_e_mail_needs_a_person_until_it_is_another(db: SQLAlchemy) -> None:
    acme = make_organization("acme", email="Billing@Acme.example")
    note_refused("billing@acme.example", "550 5.1.1 No such user.", told_by="server", now=NOW)
    note_refused("stranger@example.com", "550", told_by="server", now=NOW)
    [need] = look_now()
    assert (need.kind, need.organization_id) == ("refused_address", acme.id)
    assert need.facts["email"] == "Billing@Acme.example"
    acme.email = "new@acme.example"
    db.session.flush()
    assert look_now() == []


def test_a_mark_that_was_taken_off_is_no_need(db: SQLAlchemy) -> None:
    make_organization("acme", email="billing@acme.example")
    note_refused("billing@acme.example", "550", told_by="report", now=NOW)
    accept_again("Billing@acme.example")
    assert look_now() == []


@pytest.fixture
def waits(app: Flask, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch) -> Mail:
    """A mail that a server did not take, because it is away."""
    monkeypatch.setitem(app.extensions, "mail", Kept())
    mail_reset("ada@example.com", now=NOW)
    database.session.flush()
    mail = take_due(now=NOW)
    assert mail is not None
    note_failure(mail, "The mail server cannot be used: it is away.", for_good=False, now=NOW)
    database.session.flush()
    return mail


def test_mails_that_do_not_leave_are_told_with_the_reason(waits: Mail) -> None:
    assert list(late_mails(now=NOW + MAILS_WAIT - timedelta(seconds=1))) == []
    [found] = late_mails(now=NOW + MAILS_WAIT)
    assert found.facts["why"] == (
        "1 e-mail waits since 00:00 UTC. The mail server cannot be used: it is away."
    )


def test_what_is_not_due_yet_does_not_wait(db: SQLAlchemy) -> None:
    assert waiting(now=NOW).number == 0
    mail = mail_reset("ada@example.com", now=utc_now())
    mail.next_attempt_at = utc_now() + timedelta(minutes=1)
    db.session.flush()
    assert waiting(now=utc_now()).number == 0
