"""Owners who invite on their page, the mails that go out, and those who follow the links."""

from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.accounts.models import Invitation, Membership, User
from dashboard.extensions import db as database
from jobs.mails import send_mails
from tests.pages import page, post, text_of
from tests.people import Browser
from tests.support.mail import Kept, link_in
from tests.support.returned import fields_of

PATH = "/organizations/acme/members"
INVITE = f"{PATH}/invitations"
NEW = {"password": "several other words", "again": "several other words"}


@pytest.fixture(autouse=True)
def post_box(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Where mails go."""
    kept = Kept()
    monkeypatch.setitem(app.extensions, "mail", kept)
    monkeypatch.setattr(app.extensions["config"], "mail_from", "billing@acme.com")
    return kept


@pytest.fixture
def owner(customer: FlaskClient) -> FlaskClient:
    """The browser of Acme's owner."""
    return customer


def invite(client: FlaskClient, email: str, role: str = "reader") -> None:
    """Invite somebody on the page, and have it mailed."""
    answer = post(client, INVITE, email=email, member_role=role)
    assert (answer.status_code, answer.location) == (303, PATH), text_of(answer)
    send_mails()


def path_in(post_box: Kept) -> str:
    """Return path and query of the link of the newest mail."""
    parts = urlsplit(link_in(post_box.messages[-1]))
    return f"{parts.path}?{parts.query}"


def invitations() -> list[Invitation]:
    """Return all that are stored."""
    database.session.rollback()
    return list(database.session.scalars(select(Invitation).order_by(Invitation.id)))


def members(email: str) -> list[tuple[str, str]]:
    """Return the roles of who has an address."""
    database.session.rollback()
    query = select(User.email, Membership.role).join(User.memberships).where(User.email == email)
    return [(one, role) for one, role in database.session.execute(query)]


def join(client: Browser, link: str, **fields: str):  # type: ignore[no-untyped-def]
    """Open a link and send the form that is there."""
    form = page(client.get(link)).main.form
    return post(client, form["action"], **(fields_of(form) | fields))
