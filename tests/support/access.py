"""Who may ask for which address, and how each asks."""

from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from dashboard.accounts.memberships import begin_membership, membership_of
from dashboard.accounts.models import User
from dashboard.accounts.permissions import Permission, permission_of
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import post
from tests.people import People, bill_of, make_member

# What a secret opens, for whoever has it.
SECRET = ("/invitation", "/invitation/memberships", "/password", "/mail-opt-outs", "/pay")


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
        "name": "count_fleet",
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
