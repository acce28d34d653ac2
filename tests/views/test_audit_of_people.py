"""What people do with sessions, the portal and downloads is on record; floods are not."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.accounts.refusals import masked
from dashboard.audit.models import AuditEntry
from dashboard.extensions import db
from tests.pages import page, post, text_of
from tests.people import PASSWORD, People, browser_of, signed_in

TYPED = "a secret typed"


def entries(action: str) -> list[AuditEntry]:
    """Return what is on record under a name."""
    query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    return list(db.session.scalars(query))


def guess(app: Flask, email: str, address: str = "192.0.2.9") -> int:
    """Try to sign in from a browser of nobody's."""
    client = browser_of(app)
    client.environ_base |= {"REMOTE_ADDR": address, "HTTP_USER_AGENT": "Firefox/1 (Linux)"}
    return post(client, "/session", email=email, password=TYPED).status_code


def test_a_refused_sign_in_is_on_record_without_what_was_typed(app: Flask, people: People) -> None:
    assert guess(app, "Support@Example.com") == 422
    [entry] = entries("session.refused")
    assert (entry.subject_id, entry.actor_label) == (people.support, "Not signed in")
    assert entry.facts == {"device": "Firefox on Linux", "address": "192.0.2.9"}
    words = text_of(page(signed_in(app, people.admin).get("/audit-entries?action=session.refused")))
    assert "A wrong password was entered on Firefox on Linux, from 192.0.2.9." in words


def test_an_address_of_nobody_s_is_not_kept_whole(app: Flask, people: People) -> None:
    guess(app, "somebody@elsewhere.com")
    guess(app, "hunter2 is my password")
    first, second = entries("session.refused")
    assert (first.subject_id, first.facts["email"]) == (None, "s…@elsewhere.com")
    assert (second.subject_id, second.facts["email"]) == (None, None)
    kept = json.dumps([one.facts for one in (first, second)])
    assert "omebody" not in kept
    assert "hunter2" not in kept
    assert "secret typed" not in kept


def test_a_flood_of_refusals_leaves_a_few_rows(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.throttle.NOTED_OF_ALL", "8 per hour")
    for number in range(6):
        guess(app, "support@example.com", address=f"198.51.100.{number}")
    assert len(entries("session.refused")) == 5
    for number in range(6):
        guess(app, f"nobody-{number}@example.com", address=f"198.51.100.{number}")
    assert len(entries("session.refused")) <= 8


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Ada@example.com", "a…@example.com"),
        ("@example.com", None),
        ("ada@localhost", None),
        ("word", None),
        ("a@b@c.d", "a…@c.d"),
        ("x@" + "y" * 300 + ".com", "x…@" + "y" * 56 + "…"),
    ],
)
def test_an_address_is_kept_as_its_first_letter_and_domain(typed: str, kept: str | None) -> None:
    assert masked(typed) == kept


def test_signing_in_and_out_is_on_record(app: Flask, people: People) -> None:
    client = browser_of(app)
    post(client, "/session", email="support@example.com", password=PASSWORD)
    post(client, "/session/delete")
    [opened], [ended] = entries("session.opened"), entries("session.ended")
    assert {opened.subject_id, ended.subject_id, ended.actor_id} == {people.support}


def test_a_wrong_password_at_an_open_session_is_on_record(app: Flask, people: People) -> None:
    admin = signed_in(app, people.admin)
    post(admin, "/api-tokens", name="x", scopes="usage:write", proof="wrong")
    [entry] = entries("session.proof_refused")
    assert (entry.subject_id, entry.actor_id) == (people.admin, people.admin)


def test_downloads_are_on_record(support: FlaskClient, people: People) -> None:
    support.get("/audit-entries.csv?action=adjustment")
    support.get("/audit-entries.jsonl")
    support.get("/organizations/acme/invoices/1.csv")
    first, second = entries("audit.exported")
    assert first.facts == {"format": "CSV", "filters": {"action": "adjustment"}}
    assert second.facts == {"format": "JSON lines", "filters": {}}
    [invoice] = entries("invoice.exported")
    assert invoice.actor_id == people.support
    assert support.get("/audit-entries.jsonl?first=nonsense").status_code == 422
    assert len(entries("audit.exported")) == 2


def test_the_trail_is_downloaded_as_an_object_a_line(support: FlaskClient) -> None:
    answer = support.get("/audit-entries.jsonl?action=adjustment&organization=acme")
    assert answer.mimetype == "application/x-ndjson"
    [line] = answer.text.splitlines()
    told = json.loads(line)
    assert (told["action"], told["organization"], told["reason"]) == (
        "adjustment.added", "acme", "Outage",
    )  # fmt: skip
    assert told["facts"] == {"cents": -500, "currency": "usd", "description": "Goodwill credit"}
    assert told["actor"]["label"] == "support@example.com"
    assert told["at"].endswith("Z")


def test_customers_do_not_read_the_trail(customer: FlaskClient) -> None:
    assert customer.get("/audit-entries.jsonl").status_code == 403


def test_the_page_says_what_happened_in_sentences(support: FlaskClient) -> None:
    words = text_of(page(support.get("/audit-entries?action=adjustment&organization=acme")))
    assert "−$5.00 for “Goodwill credit” on the current invoice. Reason: Outage" in words
