"""Who signed in a while ago confirms it before people, tokens and large amounts are dealt with."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from dashboard.accounts.models import ApiToken, User
from dashboard.accounts.passwords import NO_PASSWORD, hash_password
from dashboard.accounts.permissions import PERMISSIONS, permission_of
from dashboard.billing.models import Adjustment
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import fragment, page, post, text_of
from tests.people import PASSWORD, People, bill_of, signed_in
from tests.support.returned import fields_of
from tests.support.second_step import code, have_app

TOKEN = {"name": "metering", "scopes": "usage:write", "days": "30"}
LARGE = {
    "direction": "charge", "amount": "1000.01", "description": "Move", "reason": "R", "key": "k",
    "confirmed": "100001",
}  # fmt: skip
PANEL = {"HX-Request": "true", "HX-Target": "div#panel-body"}
WHERE = "/organizations/acme/adjustments"


def idle(app: Flask, user_id: int, minutes: int = 16) -> FlaskClient:
    """Return the browser of somebody who signed in so long ago."""
    return signed_in(app, user_id, proved_at=utc_now() - timedelta(minutes=minutes))


def count(kind: type) -> int:
    """Return how many rows there are."""
    return int(db.session.scalar(select(func.count()).select_from(kind)) or 0)


def test_what_was_asked_is_done_once_it_is_confirmed(app: Flask, people: People) -> None:
    admin = idle(app, people.admin)
    soup = page(post(admin, "/api-tokens", **TOKEN), 403)
    assert "Confirm it is you" in soup.h1.text
    assert count(ApiToken) == 0
    form = soup.main.form
    assert form["action"] == "/api-tokens"
    wrong = page(post(admin, form["action"], **(fields_of(form) | {"proof": "wrong"})), 422)
    assert "not your password" in text_of(wrong.find(id="proof-error"))
    assert count(ApiToken) == 0
    again = fields_of(wrong.main.form) | {"proof": PASSWORD}
    assert "metering" in text_of(page(post(admin, form["action"], **again), 201))
    assert count(ApiToken) == 1
    assert post(admin, "/api-tokens", **TOKEN).status_code == 201, "it is asked once"


def test_a_code_of_ones_app_confirms_it_as_well_once(app: Flask, people: People) -> None:
    have_app(people.admin)
    admin, typed = idle(app, people.admin), code()
    form = page(post(admin, "/api-tokens", **TOKEN), 403).main.form
    assert "Your password, or a code from your app" in text_of(form)
    told = fields_of(form) | {"proof": typed}
    assert post(admin, form["action"], **told).status_code == 201
    other = idle(app, people.admin)
    assert post(other, form["action"], **told).status_code == 422
    assert count(ApiToken) == 1


def test_who_has_no_password_confirms_it_by_a_code(app: Flask, people: People) -> None:
    have_app(people.admin)
    with transaction():
        db.session.get_one(User, people.admin).password_hash = NO_PASSWORD
    admin = idle(app, people.admin)
    form = page(post(admin, "/api-tokens", **TOKEN), 403).main.form
    assert form.find("label", attrs={"for": "proof"}).text == "A code from your app"
    assert post(admin, form["action"], **(fields_of(form) | {"proof": code()})).status_code == 201


def test_it_is_asked_in_the_panel_too(app: Flask, people: People) -> None:
    admin = idle(app, people.admin)
    answer = post(admin, f"/people/{people.support}/role", PANEL, role="customer")
    assert not answer.text.lstrip().startswith("<!doctype")
    form = fragment(answer, 403).form
    sent = fields_of(form) | {"proof": PASSWORD}
    done = post(admin, form["action"], PANEL, **sent)
    assert done.headers["HX-Redirect"] == f"/people/{people.support}"
    assert db.session.get_one(User, people.support).role == "customer"


def test_a_form_that_was_wrong_besides_is_shown_again_and_asks_no_more(
    app: Flask, people: People
) -> None:
    admin = idle(app, people.admin)
    soup = page(post(admin, "/api-tokens", proof=PASSWORD, **(TOKEN | {"name": ""})), 422)
    assert "Name the sub-system" in text_of(soup)
    assert post(admin, "/api-tokens", **TOKEN).status_code == 201


@pytest.mark.parametrize(("minutes", "status"), [(14, 201), (16, 403)])
def test_a_quarter_of_an_hour_goes_without(
    app: Flask, people: People, minutes: int, status: int
) -> None:
    assert post(idle(app, people.admin, minutes), "/api-tokens", **TOKEN).status_code == status


def test_every_change_of_people_and_tokens_asks(app: Flask, people: People) -> None:
    admin, customer = idle(app, people.admin), idle(app, people.customer)
    asked = 0
    for rule in app.url_map.iter_rules():
        needed = permission_of(app.view_functions[rule.endpoint])
        if needed is None or not needed.is_proved or "POST" not in (rule.methods or ()):
            continue
        values = {name: "acme" if name == "slug" else 1 for name in rule.arguments}
        where = app.url_map.bind("localhost").build(rule.endpoint, values, method="POST")
        client = admin if "admin" in needed.roles else customer
        assert "Confirm it is you" in text_of(page(post(client, where), 403)), where
        asked += 1
    assert asked >= 12
    assert {one.name for one in PERMISSIONS.values() if one.is_proved} == {
        "catalog.change", "closing.limit", "event_endpoint.manage", "factor.manage",
        "members.manage", "membership.leave", "people.manage", "restore.release",
        "restore.repair", "standing.rule", "token.manage",
    }  # fmt: skip


def test_looking_never_asks(app: Flask, people: People) -> None:
    admin = idle(app, people.admin)
    for where in ("/people", f"/people/{people.support}", "/api-tokens", "/api-tokens/new"):
        page(admin.get(where))


@pytest.mark.parametrize(
    ("amount", "direction", "status"),
    [("1000", "charge", 303), ("1000.01", "charge", 403), ("1000.01", "credit", 403)],
)
def test_an_amount_above_the_setting_is_confirmed_first(
    app: Flask, people: People, amount: str, direction: str, status: int
) -> None:
    support = idle(app, people.support)
    cents = f"{'-' if direction == 'credit' else ''}{amount.replace('.', '').ljust(6, '0')}"
    sent = LARGE | {"amount": amount, "direction": direction, "confirmed": cents}
    before = count(Adjustment)
    answer = post(support, WHERE, **sent)
    assert answer.status_code == status
    assert count(Adjustment) - before == (1 if status == 303 else 0)
    if status == 403:
        form = page(answer, 403).main.form
        confirmed = fields_of(form) | {"proof": PASSWORD}
        assert post(support, form["action"], **confirmed).status_code == 303
        assert count(Adjustment) - before == 1


def test_rolling_a_large_bill_early_is_confirmed_first(
    app: Flask, people: People, acme: Organization
) -> None:
    now_in = signed_in(app, people.support)
    post(now_in, WHERE, **(LARGE | {"amount": "5000", "confirmed": "500000"}))
    support = idle(app, people.support)
    invoice = bill_of(acme)
    sent = {"invoice_id": invoice.id, "name": acme.name, "reason": "Asked for"}
    page(post(support, "/organizations/acme/rolls", **sent), 403)
    assert bill_of(acme).id == invoice.id
    answer = post(support, "/organizations/acme/rolls", proof=PASSWORD, **sent)
    assert answer.status_code == 303
    assert bill_of(acme).id != invoice.id


def test_guesses_at_the_password_are_counted(app: Flask, people: People) -> None:
    admin = idle(app, people.admin)
    tries = [post(admin, "/api-tokens", proof=f"guess {n}", **TOKEN).status_code for n in range(7)]
    assert tries == [422] * 6 + [429]
    assert post(admin, "/api-tokens", proof=PASSWORD, **TOKEN).status_code == 429


def test_somebody_else_s_password_confirms_nothing(app: Flask, people: People) -> None:
    with transaction():
        db.session.get_one(User, people.admin).password_hash = hash_password("another of the admin")
    page(post(idle(app, people.admin), "/api-tokens", proof=PASSWORD, **TOKEN), 422)


def test_who_may_not_is_not_asked(app: Flask, people: People) -> None:
    page(post(idle(app, people.support), "/api-tokens", proof=PASSWORD, **TOKEN), 403)
    words = text_of(page(post(idle(app, people.support), "/api-tokens", **TOKEN), 403))
    assert "You may not do this" in words


def test_who_has_no_password_confirms_by_their_provider(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        db.session.get_one(User, people.admin).password_hash = NO_PASSWORD
    own = app.extensions["config"].model_copy(
        update={"oidc_issuer": "https://id.example.com", "oidc_name": "Acme ID"}
    )
    monkeypatch.setitem(app.extensions, "config", own)
    admin = idle(app, people.admin)
    sent = TOKEN | {"from_page": "/api-tokens/new"}
    soup = page(post(admin, "/api-tokens", **sent), 403)
    link = soup.main.find("a", href="/sign-on/new?next=/api-tokens/new")
    assert "Sign in with Acme ID" in link.text
    assert soup.main.find("form") is None
    page(post(admin, "/api-tokens", proof=PASSWORD, **sent), 422)
