"""A link makes who it was sent to a member, once, and nobody else."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.accounts.models import Membership, User
from dashboard.extensions import db as database
from tests.pages import page, post, text_of
from tests.people import People, browser_of, signed_in
from tests.support.mail import Kept
from tests.support.members import (
    NEW,
    PATH,
    invite,
    join,
    members,
    owner,
    path_in,
    post_box,
)
from tests.support.returned import fields_of

__all__ = ["owner", "post_box"]


def test_a_link_that_another_opens_says_whose_it_is_and_stays_good(
    app: Flask, owner: FlaskClient, people: People, post_box: Kept
) -> None:
    invite(owner, "nia@example.com")
    link = path_in(post_box)
    secret = link.partition("secret=")[2]
    other = signed_in(app, people.stranger)
    words = text_of(page(other.get(link), 409))
    assert "for nia@example.com, and you are signed in as stranger@example.com" in words
    assert "Sign out, then open the link again." in words
    for address in ("/invitation", "/invitation/memberships"):
        refused = post(other, address, secret=secret, name="Eve", **NEW)
        assert "you are signed in as" in text_of(page(refused, 409))
    assert members("stranger@example.com") == [("stranger@example.com", "owner")]
    assert join(browser_of(app), link, name="Nia", **NEW).status_code == 303


def test_a_link_is_used_once(
    app: Flask, owner: FlaskClient, people: People, post_box: Kept
) -> None:
    invite(owner, "stranger@example.com")
    link, client = path_in(post_box), signed_in(app, people.stranger)
    form = page(client.get(link)).main.form
    assert post(client, form["action"], **fields_of(form)).status_code == 303
    again = page(post(client, form["action"], **fields_of(form)), 404)
    assert "works once" in text_of(again)
    assert client.get(link).status_code == 404
    assert len(members("stranger@example.com")) == 2


def test_who_was_removed_does_not_come_back_by_an_older_link(
    app: Flask, owner: FlaskClient, people: People, post_box: Kept
) -> None:
    invite(owner, "stranger@example.com")
    link, client = path_in(post_box), signed_in(app, people.stranger)
    joined = join(client, link)
    assert joined.status_code == 303
    query = select(Membership).join(Membership.user).where(User.email == "stranger@example.com")
    one = database.session.scalars(query.where(Membership.role == "reader")).one()
    post(owner, f"{PATH}/{one.id}/removals")
    assert client.get(link).status_code == 404
    assert client.get("/organizations/acme").status_code == 404


def test_a_session_that_ended_before_joining_leads_back_to_the_link(
    app: Flask, owner: FlaskClient, people: People, post_box: Kept
) -> None:
    invite(owner, "stranger@example.com")
    link = path_in(post_box)
    form = page(signed_in(app, people.stranger).get(link)).main.form
    client = browser_of(app)
    asked = page(post(client, form["action"], **fields_of(form)), 401)
    assert asked.main.find("input", attrs={"name": "next"})["value"] == link
