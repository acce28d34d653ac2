"""The first admin, invited from a terminal, invites the others; an admin changes them."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from dashboard.accounts.models import Invitation, User
from dashboard.extensions import db as database
from dashboard.mail.transport import NotTaken
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.mails import send_mails
from tests.factories import UserFactory
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, browser_of, signed_in
from tests.support.mail import Kept, link_in
from tests.support.mail import text_of as mail_text

NEW = {"password": "several other words", "again": "several other words"}


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    """Run `flask people …`; return its exit code and what it printed."""
    result = app.test_cli_runner().invoke(args=["people", *arguments])
    return result.exit_code, result.output


def local(link: str) -> str:
    """Return the path and query of a whole address."""
    parts = urlsplit(link.strip())
    return f"{parts.path}?{parts.query}"


def follow(client: FlaskClient, link: str, **fields: str):  # type: ignore[no-untyped-def]
    """Open the form behind a link and send it with these fields."""
    soup = page(client.get(local(link)))
    form = soup.find("main").find("form")
    secret = form.find("input", attrs={"name": "secret"})["value"]
    return post(client, form["action"], secret=secret, **fields)


def invite(admin: FlaskClient, **fields: str) -> str:
    """Invite somebody by the form; return the link, as the page shows it."""
    answer = post(admin, "/invitations", **fields)
    return page(answer, 201).select_one(".notice code").get_text(strip=True)


def test_the_first_admin_comes_in_by_a_command(app: Flask, db: SQLAlchemy, redis: Redis) -> None:
    code, printed = run(app, "invite", "Ada@Example.com", "--role", "admin")
    assert code == 0
    assert "ada@example.com becomes admin" in printed
    client = browser_of(app)
    answer = follow(client, printed.splitlines()[-1], name="Ada", **NEW)
    assert answer.status_code == 303
    assert "Ada" in text_of(page(client.get("/people")))
    again = browser_of(app).get(local(printed.splitlines()[-1]))
    assert "has ended" in text_of(page(again, 404))


def test_an_admin_invites_a_customer_who_sees_their_organization_only(
    app: Flask, admin: FlaskClient, acme: Organization
) -> None:
    link = invite(admin, email="cleo@example.com", role="customer", organization="acme")
    assert "cleo@example.com" in text_of(page(admin.get("/people")))
    client = browser_of(app)
    follow(client, link, name="Cleo", **NEW)
    assert client.get("/organizations/acme").status_code == 200
    assert client.get("/organizations/other").status_code == 404
    assert client.get("/people").status_code == 403


@pytest.mark.parametrize(
    ("fields", "wrong", "words"),
    [
        ({"role": "admin"}, "email", "Enter an address"),
        ({"email": "nobody", "role": "admin"}, "email", "not an e-mail address"),
        ({"email": "admin@example.com", "role": "admin"}, "email", "can already sign in"),
        ({"email": "a@example.com"}, "role", "Choose a role"),
        ({"email": "a@example.com", "role": "customer"}, "organization", "Enter the organization"),
        (
            {"email": "a@example.com", "role": "customer", "organization": "nobody"},
            "organization",
            "no organization named nobody",
        ),
        (
            {"email": "a@example.com", "role": "support", "organization": "acme"},
            "organization",
            "Leave the organization out",
        ),
    ],
)
def test_an_invitation_that_makes_no_sense_says_so_beside_its_field(
    admin: FlaskClient, acme: Organization, fields: dict[str, str], wrong: str, words: str
) -> None:
    soup = page(post(admin, "/invitations", **fields), 422)
    assert words in text_of(soup.find(id=f"{wrong}-error"))
    assert database.session.query(Invitation).count() == 0


def test_a_withdrawn_invitation_opens_nothing(app: Flask, admin: FlaskClient) -> None:
    link = invite(admin, email="sue@example.com", role="support")
    [found] = database.session.query(Invitation).all()
    post(admin, f"/invitations/{found.id}/withdrawals")
    assert browser_of(app).get(local(link)).status_code == 404
    assert "sue@example.com" not in page(admin.get("/people")).find("main").find("table").text


def test_an_invitation_is_mailed_and_what_became_of_it_is_shown(
    app: Flask, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_box = Kept()
    post_box.refusal = NotTaken("The mail server refused it: 550 No such user.", for_good=True)
    monkeypatch.setitem(app.extensions, "mail", post_box)
    monkeypatch.setattr(app.extensions["config"], "mail_from", "billing@acme.com")
    answer = post(admin, "/invitations", email="sue@example.com", role="support")
    assert "is on its way to sue@example.com" in text_of(page(answer, 201))
    assert "Not sent yet" in text_of(page(admin.get("/people")))
    send_mails()
    assert "550 No such user" in text_of(page(admin.get("/people")))
    post_box.refusal = None
    [found] = database.session.query(Invitation).all()
    post(admin, f"/invitations/{found.id}/mails")
    send_mails()
    listed = page(admin.get("/people"))
    assert "Sent" in text_of(listed)
    assert "550" not in text_of(listed)
    link = page(admin.get(f"/invitations/{found.id}/link")).select_one(".notice code")
    assert link_in(post_box.messages[0]) == link.get_text(strip=True)


def test_without_mail_a_link_is_handed_over(admin: FlaskClient) -> None:
    invite(admin, email="sue@example.com", role="support")
    [found] = database.session.query(Invitation).all()
    assert "E-mail is off" in text_of(page(post(admin, f"/invitations/{found.id}/mails"), 409))
    assert "Not sent" in text_of(page(admin.get("/people")))


def test_a_link_for_a_password_is_mailed_too(
    app: Flask, admin: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_box = Kept()
    monkeypatch.setitem(app.extensions, "mail", post_box)
    monkeypatch.setattr(app.extensions["config"], "mail_from", "billing@acme.com")
    shown = page(post(admin, f"/people/{people.support}/reset-links"))
    assert "is on its way to support@example.com" in text_of(shown)
    send_mails()
    assert "An admin created" in mail_text(post_box.messages[0])
    assert "Sent" in text_of(page(admin.get(f"/people/{people.support}")))
    client = browser_of(app)
    assert follow(client, link_in(post_box.messages[0]), **NEW).status_code == 303


def test_an_old_invitation_is_listed_as_such(admin: FlaskClient) -> None:
    invite(admin, email="sue@example.com", role="support")
    with transaction():
        database.session.query(Invitation).one().expires_at -= timedelta(days=8)
    assert "Too old" in text_of(page(admin.get("/people")))


def test_a_form_that_was_filled_in_wrong_keeps_what_was_typed(
    app: Flask, admin: FlaskClient
) -> None:
    link = invite(admin, email="sue@example.com", role="support")
    client = browser_of(app)
    soup = page(follow(client, link, name="Sue", password="short", again="short"), 422)
    assert "at least 12" in text_of(soup.find(id="password-error"))
    assert soup.find("input", attrs={"name": "name"})["value"] == "Sue"
    soup = page(follow(client, link, name="Sue", **(NEW | {"again": "another"})), 422)
    assert "same password" in text_of(soup.find(id="again-error"))
    assert follow(client, link, name="Sue", **NEW).status_code == 303


def test_a_role_is_changed_at_once(app: Flask, admin: FlaskClient, people: People) -> None:
    support = signed_in(app, people.support)
    post(admin, f"/people/{people.support}/role", role="admin")
    assert support.get("/people").status_code == 200
    post(admin, f"/people/{people.support}/role", role="customer")
    assert support.get("/people").status_code == 403
    soup = page(post(admin, f"/people/{people.support}/role"), 422)
    assert "Choose a role" in text_of(soup)


def test_the_last_admin_is_told_why_not(admin: FlaskClient, people: People) -> None:
    answer = post(admin, f"/people/{people.admin}/role", role="support")
    assert "only admin" in text_of(page(answer, 409))


def test_a_customer_is_given_and_denied_an_organization(
    app: Flask, admin: FlaskClient, people: People, acme: Organization
) -> None:
    stranger = signed_in(app, people.stranger)
    assert stranger.get("/organizations/acme").status_code == 404
    where = f"/people/{people.stranger}"
    post(admin, f"{where}/memberships", organization="acme")
    assert stranger.get("/organizations/acme").status_code == 200
    assert "Acme Freight" in text_of(page(admin.get(where)))
    forms = page(admin.get(where)).find("main").find_all("form", action=True)
    [gone] = [one["action"] for one in forms if one["action"].endswith("/delete")][-1:]
    post(admin, gone)
    assert stranger.get("/organizations/acme").status_code == 404
    wrong = page(post(admin, f"{where}/memberships", organization="nobody"), 422)
    assert "no organization named nobody" in text_of(wrong.find(id="organization-error"))
    assert "Enter the slug" in text_of(page(post(admin, f"{where}/memberships"), 422))


def test_a_deactivated_person_is_out_at_once(
    app: Flask, admin: FlaskClient, people: People
) -> None:
    support, where = signed_in(app, people.support), f"/people/{people.support}"
    assert "All their sessions and" in text_of(page(admin.get(f"{where}/deactivations/new")))
    post(admin, f"{where}/deactivations")
    assert support.get("/organizations").status_code == 303
    assert "Deactivated" in text_of(page(admin.get(where)))
    assert post(admin, f"{where}/reset-links").status_code == 409
    post(admin, f"{where}/activations")
    assert support.get("/organizations").status_code == 303


def test_a_link_sets_a_new_password_once(app: Flask, admin: FlaskClient, people: People) -> None:
    shown = page(post(admin, f"/people/{people.support}/reset-links"))
    link = shown.select_one(".notice code").get_text(strip=True)
    client, before = browser_of(app), signed_in(app, people.support)
    assert "at least 12" in text_of(page(follow(client, link, password="a", again="a"), 422))
    assert follow(client, link, **NEW).status_code == 303
    assert client.get("/organizations").status_code == 200
    assert before.get("/organizations").status_code == 303
    assert browser_of(app).get(local(link)).status_code == 404


def test_ones_own_password_is_changed_where_the_old_one_is_known(
    app: Flask, customer: FlaskClient, people: People
) -> None:
    elsewhere = signed_in(app, people.customer)
    wrong = post(customer, "/password/edit", old_password="no", **NEW)
    assert "not your password" in text_of(page(wrong, 422).find(id="old_password-error"))
    assert post(customer, "/password/edit", old_password=PASSWORD, **NEW).status_code == 303
    assert page(customer.get("/organizations/acme"))
    assert elsewhere.get("/organizations/acme").status_code == 303


def test_the_commands_say_what_they_refuse(app: Flask, people: People) -> None:
    assert run(app, "invite", "admin@example.com", "--role", "admin")[0] == 1
    assert "No person signs in with" in run(app, "reset", "nobody@example.com")[1]
    code, printed = run(app, "deactivate", "admin@example.com")
    assert (code, "only admin" in printed) == (1, True)


def test_the_commands_list_let_back_in_and_shut_out(app: Flask, people: People) -> None:
    code, printed = run(app, "reset", "support@example.com")
    assert code == 0
    client = browser_of(app)
    assert follow(client, printed.splitlines()[-1], **NEW).status_code == 303
    assert run(app, "deactivate", "support@example.com")[0] == 0
    assert client.get("/organizations").status_code == 303
    listed = run(app, "list")[1]
    assert "admin@example.com" in listed
    assert "(deactivated)" in listed
    with app.app_context():
        assert database.session.query(User).count() == 4


def test_a_customer_is_invited_by_a_command(app: Flask, acme: Organization) -> None:
    arguments = ("invite", "cleo@example.com", "--role", "customer", "--organization")
    assert run(app, *arguments, "acme")[0] == 0
    assert "no organization named nobody" in run(app, *arguments, "nobody")[1]


def test_forms_have_a_new_secret_once_somebody_signed_in(
    app: Flask, client: FlaskClient, people: People
) -> None:
    with client.session_transaction() as session:
        session["csrf_token"] = "planted"
    page(client.get("/session/new"))
    post(client, "/session", email="admin@example.com", password=PASSWORD)
    with client.session_transaction() as session:
        assert session.get("csrf_token") != "planted"


def test_people_are_listed_some_at_a_time_and_found_by_a_part(admin: FlaskClient) -> None:
    with transaction():
        for number in range(60):
            UserFactory(email=f"p{number:02}@example.com", name=f"Person {number:02}")
    first = page(admin.get("/people"))
    assert "50 of 64, by name" in text_of(first)
    rest = page(admin.get(first.select_one("a[rel=next]")["href"]))
    assert "14 of 64, by name" in text_of(rest)
    found = text_of(page(admin.get("/people?q=P07@")))
    assert "Person 07" in found
    assert "1 of 1, by name" in found
    assert "No match for “%”" in text_of(page(admin.get("/people?q=%25")))
