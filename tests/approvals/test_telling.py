"""Who proposed something is mailed what became of it, once."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.models import User
from dashboard.approvals.decide import refuse, withdraw
from dashboard.approvals.propose import end_late
from dashboard.approvals.telling import NEWS, mail_proposers
from dashboard.audit.actor import Actor
from dashboard.letters.refusals import NotNeeded
from dashboard.letters.write import letter_of
from dashboard.mail.models import Mail
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import NOW
from tests.support.proposals import DAY, approved, proposed, wanted


def told(db: SQLAlchemy, *, at=NOW) -> list[tuple[str, str, str]]:
    """Return what mails say after two looks: to whom, about what, in which words."""
    with transaction():
        mail_proposers(now=at)
    with transaction():
        mail_proposers(now=at)
    mails = db.session.scalars(select(Mail).order_by(Mail.id)).all()
    letters = [letter_of(one, now=at) for one in mails]
    return [(one.to, one.subject, " ".join(one.text.split())) for one in letters]


def test_an_approval_is_told_to_who_proposed_it_and_to_nobody_else(
    db: SQLAlchemy, acme: Organization, sam: Actor, ada: Actor
) -> None:
    approved(acme, proposed(acme, sam), ada)
    [(to, subject, text)] = told(db)
    assert (to, subject) == ("sam@example.com", "Acme: your credit of $500.00 was approved")
    assert text.startswith(
        "ada@example.com approved the credit of $500.00 that you proposed for Acme. The invoice"
    )
    assert "/organizations/acme/proposals/" in text


def test_a_refusal_is_told_with_its_reason(
    db: SQLAlchemy, acme: Organization, sam: Actor, ada: Actor
) -> None:
    made = proposed(acme, sam)
    with transaction():
        refuse(made, answer="Given in May already.", actor=ada, now=NOW)
    [(_, subject, text)] = told(db)
    assert subject.endswith("was refused")
    assert "Nothing was changed. The reason: Given in May already." in text


def test_what_nobody_decided_on_is_told_and_what_was_withdrawn_is_not(
    db: SQLAlchemy, acme: Organization, sam: Actor
) -> None:
    proposed(acme, sam)
    taken_back = proposed(acme, sam, wanted(subject="form:2"))
    with transaction():
        withdraw(taken_back, actor=sam, now=NOW)
        end_late(now=NOW + DAY)
    [(_, subject, text)] = told(db, at=NOW + DAY)
    assert subject.endswith("expired")
    assert "No one decided in time" in text


def test_what_ended_long_ago_is_no_news(
    db: SQLAlchemy, acme: Organization, sam: Actor, ada: Actor
) -> None:
    approved(acme, proposed(acme, sam), ada)
    assert told(db, at=NOW + NEWS) == []


def test_who_has_left_is_told_nothing(
    db: SQLAlchemy, acme: Organization, sam: Actor, ada: Actor
) -> None:
    approved(acme, proposed(acme, sam), ada)
    with transaction():
        mail_proposers(now=NOW)
        db.session.get_one(User, sam.id).is_active = False
    mail = db.session.scalars(select(Mail)).one()
    with pytest.raises(NotNeeded):
        letter_of(mail, now=NOW + timedelta(minutes=1))
