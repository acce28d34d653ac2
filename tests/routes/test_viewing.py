"""Who views as a customer may see what its member may, and change nothing: every address."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dashboard.organizations.models import Organization
from dashboard.views.viewing_guard import ALLOWED, SAFE
from tests.pages import post
from tests.people import Browser, People, signed_in
from tests.support.access import address, agrees, ask, expected, rules


@pytest.fixture(params=["support", "admin"])
def viewer(request: pytest.FixtureRequest, app: Flask, people: People) -> Browser:
    """The browser of one of us who views Acme as its customer."""
    client = signed_in(app, getattr(people, request.param))
    assert post(client, "/organizations/acme/views").status_code == 303
    return client


def test_a_viewer_sees_what_a_member_sees_and_nothing_else(
    viewer: Browser, app: Flask, acme: Organization
) -> None:
    wrong = []
    for rule, needed in rules(app):
        is_read = "GET" in (rule.methods or ())
        if not is_read or needed.scope:
            continue
        got, want = ask(app, viewer, rule, acme), expected(needed, "customer", "owner")
        if not agrees(got, want, rule):
            wrong.append(f"{rule.rule}: {got}, should be {want}")
    assert wrong == []


def test_nothing_can_be_changed_while_viewing(
    viewer: Browser, app: Flask, acme: Organization
) -> None:
    wrong = []
    for rule, needed in rules(app):
        changes = set(rule.methods or ()) - set(SAFE)
        if not changes or needed.is_public or needed.scope or rule.endpoint in ALLOWED:
            continue
        got = post(viewer, address(app, rule, acme)).status_code
        if got != 403:
            wrong.append(f"{rule.rule}: {got}")
    assert wrong == []


def test_another_organization_does_not_exist_for_a_viewer(viewer: Browser) -> None:
    assert viewer.get("/organizations/acme").status_code == 200
    assert viewer.get("/organizations/other").status_code == 404
    assert viewer.get("/organizations/other/timeline").status_code == 404


def test_a_customer_cannot_begin_a_view(customer: FlaskClient) -> None:
    assert post(customer, "/organizations/acme/views").status_code == 403
    assert post(customer, "/organizations/other/views").status_code == 403
