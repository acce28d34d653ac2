"""Mails about bills in a test: who would get what, and what it would say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard.accounts.models import Membership
from dashboard.billing.models import Invoice
from dashboard.billing.policy import current_policy, set_policy
from dashboard.extensions import db
from dashboard.letters.refusals import NotNeeded
from dashboard.letters.write import letter_of
from dashboard.mail.message import Letter
from dashboard.mail.models import Mail
from dashboard.organizations.models import Organization
from tests.factories import MembershipFactory, UserFactory
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER, first_of, organization

__all__ = ["organization"]
BILLING = "billing@acme.example"


@pytest.fixture
def mails_on(app: Flask) -> Iterator[None]:
    """Bills are mailed here."""
    usual = current_policy()
    set_policy(replace(usual, mails_bills=True))
    yield
    set_policy(usual)


@pytest.fixture
def invoice(organization: Organization, mails_on: None) -> Invoice:
    """The first invoice of 25.61, sealed and about to be issued."""
    return first_of(organization)


def member(organization: Organization, email: str, role: str = "owner") -> Membership:
    """Return somebody's membership."""
    user = UserFactory(email=email)
    return MembershipFactory(user=user, organization_id=organization.id, role=role)


def mailed() -> list[tuple[str, str]]:
    """Return what is in the outbox: the kind and to whom."""
    db.session.expire_all()
    query = select(Mail.kind, Mail.address).order_by(Mail.id)
    return [(kind, address) for kind, address in db.session.execute(query)]


def mails(kind: str | None = None) -> list[Mail]:
    """Return the mails there are, of a kind."""
    query = select(Mail).order_by(Mail.id)
    return list(db.session.scalars(query if kind is None else query.where(Mail.kind == kind)))


def letter(kind: str, *, now: datetime = LATER + timedelta(minutes=2)) -> Letter:
    """Return what the one mail of a kind says when it is sent."""
    [mail] = mails(kind)
    return letter_of(mail, now=now)


def why_not(kind: str, *, now: datetime = LATER + timedelta(minutes=2)) -> str:
    """Return why the one mail of a kind is not sent."""
    with pytest.raises(NotNeeded) as refused:
        letter(kind, now=now)
    return str(refused.value)


def issue(invoice: Invoice, **facts: object) -> None:
    """Have the invoice issued."""
    db.session.flush()
    tell(invoice, "open", LATER, **facts)
