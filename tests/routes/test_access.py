"""Every address of the product, asked for by everybody."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from dashboard.accounts.memberships import begin_membership, membership_of
from dashboard.accounts.models import User
from dashboard.accounts.permissions import PERMISSIONS, Permission, permission_of
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import post
from tests.people import Browser, People, bill_of, browser_of, make_member, signed_in

# What a secret opens, for whoever has it.
SECRET = ("/invitation", "/invitation/memberships", "/password")
# What is there only where a setting says so.
BY_SETTING = ("/sign-on/new", "/sign-on/callback")


def rules(app: Flask) -> Iterator[tuple[Rule, Permission]]:
    """Yield each rule with the permission its view names."""
    for rule in app.url_map.iter_rules():
        needed = permission_of(app.view_functions[rule.endpoint])
        assert needed is not None, f"{rule.endpoint} names no permission"
        yield rule, needed


def address(app: Flask, rule: Rule, organization: Organization) -> str:
    """Return an address that the rule matches, of things that exist where they can."""
    samples = {
        "slug": organization.slug,
        "sequence": 1,
        "item_id": bill_of(organization).items[0].id,
        "code": f"{organization.slug}-fee",
    }
    values = {name: samples.get(name, 1) for name in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def ask(app: Flask, client: FlaskClient, rule: Rule, organization: Organization) -> int | str:
    """Return the status of the answer, or `sign-in` where it leads there."""
    where = address(app, rule, organization)
    method = "GET" if "GET" in (rule.methods or ()) else min(set(rule.methods or ()) - {"OPTIONS"})
    answer = post(client, where) if method == "POST" else client.open(where, method=method)
    # A form is answered with the one for signing in, which keeps what was typed.
    leads_there = "/session/new" in (answer.location or "")
    asks = answer.status_code == 401 and 'action="/session"' in answer.text
    return "sign-in" if leads_there or asks else answer.status_code


def expected(needed: Permission, role: str | None, member: str | None) -> str | int:
    """Return what the table of permissions says: a status, `sign-in`, or `allowed`.

    `member` is the role of a customer in the organization that is asked for.
    """
    if needed.is_public:
        return "allowed"
    if needed.scope:
        return 401
    if role is None:
        return "sign-in"
    if role not in needed.roles:
        return 403
    if role != "customer" or not needed.is_scoped:
        return "allowed"
    if member is None:
        return 404
    return "allowed" if member in needed.members else 403


# Everybody there is: their role, and that of a customer in the organization that is asked for.
WHO = {
    "not signed in": (None, None),
    "customer of another": ("customer", None),
    "reader": ("customer", "reader"),
    "billing": ("customer", "billing"),
    "owner": ("customer", "owner"),
    "support": ("support", None),
    "admin": ("admin", None),
}


def person(who: str, acme: Organization, people: People) -> int | None:
    """Return somebody of the table `WHO`, committed; None for who is not signed in."""
    if who in ("reader", "billing"):
        return make_member(acme, who)
    known = {"customer of another": people.stranger, "owner": people.customer}
    return known.get(who, getattr(people, who, None))


def stay(user_id: int, acme: Organization, role: str) -> None:
    """Let somebody be a member again: one of the addresses is for leaving."""
    with transaction():
        if membership_of(user_id, acme.id) is None:
            user = db.session.get_one(User, user_id)
            begin_membership(user, acme.id, role, actor=SYSTEM, now=utc_now())


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


def agrees(got: int | str, want: int | str, rule: Rule) -> bool:
    """Whether the answer is the expected one."""
    if want != "allowed":
        return got == want
    if rule.endpoint == "session.delete":
        return got == "sign-in"
    # Samples such as event 1 need not exist, nobody has a secret, and an empty form is not valid.
    is_sample = rule.rule in (*SECRET, *BY_SETTING) or any(
        name.endswith("_id") for name in rule.arguments
    )
    return got not in (401, 403, 500) and (got != 404 or is_sample)


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
