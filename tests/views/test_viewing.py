"""View as the customer: the same page, marked, read only, on record, and left again."""

from __future__ import annotations

import re

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.accounts.models import User
from dashboard.accounts.session_models import UserSession
from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.people import People, signed_in

BILL = "/organizations/acme"
VIEWS = f"{BILL}/views"


@pytest.fixture
def viewer(support: FlaskClient) -> FlaskClient:
    """Support's browser while it views Acme as the customer."""
    answer = post(support, VIEWS)
    assert (answer.status_code, answer.location) == (303, BILL)
    return support


def content(client: FlaskClient, address: str) -> str:
    """Return what a page says below what is of the reader alone, without what moves."""
    soup = page(client.get(address))
    for part in soup.select(".viewing, .sidebar, form"):
        part.decompose()
    return re.sub(r"\d+ s\b|\d\d:\d\d:\d\d UTC", "", text_of(soup))


@pytest.mark.parametrize(
    "address",
    [BILL, f"{BILL}/usage", f"{BILL}/services", f"{BILL}/adjustments", f"{BILL}/invoices",
     f"{BILL}/timeline", f"{BILL}/details"],
)  # fmt: skip
def test_the_page_says_exactly_what_the_member_reads(
    viewer: FlaskClient, customer: FlaskClient, address: str
) -> None:
    # Pages say up to which second usage is counted.
    with time_machine.travel(utc_now(), tick=False):
        assert content(viewer, address) == content(customer, address)


def test_every_page_is_marked_and_has_the_way_out(viewer: FlaskClient) -> None:
    for address in (BILL, "/", f"{BILL}/usage"):
        banner = page(viewer.get(address, follow_redirects=True)).select_one(".viewing")
        assert "You see Acme Freight as its customer does" in text_of(banner)
        assert banner.form["action"] == "/views/delete"


@pytest.mark.parametrize(
    "address",
    [BILL, f"{BILL}/budget", f"{BILL}/members", f"{BILL}/members/departures/new", f"{BILL}/usage",
     f"{BILL}/what-if", "/factors", "/factors/app/new", "/sessions", "/password/edit"],
)  # fmt: skip
def test_what_would_be_refused_is_there_and_switched_off(viewer: FlaskClient, address: str) -> None:
    soup = page(viewer.get(address))
    for form in soup.select("form[method=post]"):
        is_open = form["action"] in ("/views/delete", "/session/delete", "/theme")
        for button in form.select("button"):
            assert button.has_attr("disabled") != is_open, form["action"]
            if not is_open:
                assert "Leave the view" in button["title"]
                assert soup.find(id=button["aria-describedby"])


def test_a_customers_own_acts_are_not_switched_off(customer: FlaskClient) -> None:
    for address in (BILL, f"{BILL}/budget", f"{BILL}/members"):
        assert not page(customer.get(address)).select("form[method=post] button[disabled]")


def test_a_refusal_says_why_and_how_to_go_on(viewer: FlaskClient) -> None:
    answer = post(viewer, f"{BILL}/budget", amount="5", seen="none")
    assert answer.status_code == 403
    assert "as a customer does, so nothing was changed. Leave the view first" in text_of(answer)


def test_leaving_gives_back_what_was_before_and_both_are_on_record(
    viewer: FlaskClient, db: SQLAlchemy
) -> None:
    answer = post(viewer, "/views/delete")
    assert answer.location == BILL
    assert not page(viewer.get(BILL)).select(".viewing")
    assert viewer.get("/organizations").status_code == 200
    acts = db.session.execute(
        select(AuditEntry.action, AuditEntry.actor_label)
        .where(AuditEntry.action.like("customer.view%"))
        .order_by(AuditEntry.id)
    ).all()
    by = "support@example.com"
    assert acts == [("customer.viewed", by), ("customer.view_ended", by)]
    told = text_of(page(viewer.get(f"{BILL}/timeline")))
    assert "Viewed as the customer" in told


def test_a_view_is_of_one_session_and_ends_with_it(
    app: Flask, viewer: FlaskClient, people: People, db: SQLAlchemy
) -> None:
    another = signed_in(app, people.support)
    assert another.get("/organizations").status_code == 200
    post(viewer, "/session/delete")
    again = signed_in(app, people.support)
    assert again.get("/organizations").status_code == 200
    open_views = select(UserSession.viewing).where(UserSession.ended_at.is_(None))
    assert set(db.session.scalars(open_views)) == {None}


def test_who_is_staff_no_more_keeps_no_view(
    viewer: FlaskClient, people: People, db: SQLAlchemy
) -> None:
    with transaction():
        db.session.get_one(User, people.support).role = "customer"
    assert viewer.get(BILL).status_code == 404


def test_the_poll_of_a_viewer_is_a_customers(viewer: FlaskClient, acme: Organization) -> None:
    fragment = viewer.get(f"{BILL}/current-invoice", headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "Preview sync" not in fragment.text
    again = viewer.get(
        f"{BILL}/current-invoice",
        headers={"HX-Request": "true", "HX-PTag": fragment.headers["HX-PTag"]},
    )
    assert again.status_code == 304
