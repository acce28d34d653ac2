"""Every address of the product, asked for by everybody."""

import pytest
from flask import Flask

from dashboard.accounts.permissions import PERMISSIONS
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.people import Browser, People, browser_of, signed_in
from tests.support.access import WHO, agrees, ask, expected, person, rules, stay


@pytest.mark.parametrize("who", WHO)
def test_every_address_admits_and_refuses_as_the_table_says(
    who: str, app: Flask, acme: Organization, people: People
) -> None:
    role, member = WHO[who]
    user_id = person(who, acme, people)
    wrong = []
    for rule, needed in rules(app):
        if user_id and member:
            stay(user_id, acme, member)
        client = browser_of(app) if user_id is None else signed_in(app, user_id)
        got = ask(app, client, rule, acme)
        want = expected(needed, role, member)
        if not agrees(got, want, rule):
            wrong.append(f"{rule.rule}: {got}, should be {want}")
    assert wrong == []


def test_every_view_names_a_permission(app: Flask) -> None:
    assert len(list(rules(app))) > 30


def test_every_permission_is_used(app: Flask) -> None:
    used = {needed.name for _, needed in rules(app)}
    assert {name for name in PERMISSIONS if not name.startswith("api.")} - used == set()


def test_a_view_that_names_no_permission_is_refused(app: Flask, people: People) -> None:
    endpoint = "organizations.index"
    view = app.view_functions[endpoint]
    app.view_functions[endpoint] = lambda: "never shown"
    try:
        assert signed_in(app, people.admin).get("/organizations").status_code == 403
    finally:
        app.view_functions[endpoint] = view


def test_a_token_opens_only_what_its_scopes_name(app: Flask, people: People) -> None:
    now = utc_now()
    with transaction():
        _, secret = create_token("one scope", ["usage:write"], actor=SYSTEM, now=now)
    bearer = {"Authorization": f"Bearer {secret}"}
    others = [rule for rule, needed in rules(app) if needed.scope not in (None, "usage:write")]
    for rule in others:
        method = min(set(rule.methods or ()) - {"OPTIONS", "HEAD"})
        where = app.url_map.bind("localhost").build(
            rule.endpoint, dict.fromkeys(rule.arguments, 1), method=method
        )
        answer = Browser(app, app.response_class).open(where, method=method, headers=bearer)
        assert answer.status_code == 403, rule.rule
