"""An entry of the audit trail: what it is about is a link, its facts have a page of their own."""

import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from dashboard.audit.listing import KINDS, AuditLine
from dashboard.audit.models import AuditEntry
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.views.audit_facts import Fact, facts_of
from dashboard.views.audit_words import SENTENCES
from tests.factories import SUPPORT
from tests.pages import page, text_of
from tests.people import bill_of
from tests.support.queries import count_queries


def facts(action: str, told: dict[str, object], currency: str | None = "usd") -> list[Fact]:
    """Return the facts of an entry."""
    return facts_of(AuditLine(AuditEntry(action=action, facts=told), "acme", currency))


@pytest.mark.parametrize(
    ("action", "told", "found"),
    [
        ("budget.set", {"cents": 900, "cents_before": 500, "currency": "usd"},
         [Fact("Cents", "$5.00", "$9.00")]),
        ("organization.changed", {"before": {"name": "A"}, "after": {"name": "B"}},
         [Fact("Name", "A", "B")]),
        ("invoice.paid", {"from": "open", "to": "paid"}, [Fact("State", "open", "paid")]),
        ("service.changed", {"from": "1", "to": "2"}, [Fact("Quantity", "1", "2")]),
        ("person.role_changed", {"role": ["support", "admin"]}, [Fact("Role", "support", "admin")]),
        ("invoice.sealed", {"total_cents": 1999}, [Fact("Total", None, "$19.99")]),
        ("something.new", {}, []),
    ],
)  # fmt: skip
def test_facts_are_before_and_after(
    action: str, told: dict[str, object], found: list[Fact]
) -> None:
    assert facts(action, told) == found


def test_every_kind_of_entry_is_of_a_kind_that_people_look_for() -> None:
    begins = tuple(one for some in KINDS.values() for one in some)
    assert [one for one in SENTENCES if not one.startswith(begins)] == []


def test_what_an_entry_is_about_is_a_link(
    support: FlaskClient, admin: FlaskClient, acme: Organization
) -> None:
    with transaction():
        write_entry("invoice.sealed", bill_of(acme), SUPPORT, {"total_cents": 5}, now=utc_now())
    soup = page(support.get("/audit-entries?kind=invoices"))
    assert soup.select_one('a[href="/organizations/acme/invoices/1"]') is not None
    assert soup.select_one('a[href="/organizations/acme/adjustments"]') is not None
    sessions = page(admin.get("/audit-entries?kind=organizations"))
    assert sessions.select_one('a[href="/organizations/acme"]') is not None


def test_a_reader_is_not_led_where_they_may_not_go(
    support: FlaskClient, admin: FlaskClient, acme: Organization
) -> None:
    with transaction():
        support.get("/audit-entries.csv")
    address = "/audit-entries?kind=downloads"
    assert page(support.get(address)).select_one('main a[href^="/people/"]') is None
    assert page(admin.get(address)).select_one('main a[href^="/people/"]') is not None


def test_a_page_of_entries_takes_the_same_queries_for_any_number(
    support: FlaskClient, acme: Organization
) -> None:
    page(support.get("/audit-entries"))
    with count_queries(db.engine) as few:
        page(support.get("/audit-entries"))
    with transaction():
        for number in range(30):
            write_entry(
                "invoice.sealed", bill_of(acme), SUPPORT, {"total_cents": number}, now=utc_now()
            )
    with count_queries(db.engine) as many:
        page(support.get("/audit-entries"))
    assert many.count <= few.count + 1


def test_the_facts_have_an_address(support: FlaskClient, acme: Organization) -> None:
    with transaction():
        told = {"cents": 900, "cents_before": 500, "currency": "usd"}
        entry = write_entry("budget.set", acme, SUPPORT, told, reason="They asked", now=utc_now())
    listed = page(support.get("/audit-entries?kind=organizations"))
    address = f"/audit-entries/{entry.id}"
    assert listed.select_one(f'a[href="{address}"][data-panel]') is not None
    words = text_of(page(support.get(address)))
    for part in (
        "Set the budget per cycle to $9.00; it was $5.00.",
        "They asked",
        "$5.00",
        "$9.00",
    ):
        assert part in words
    assert "no entry 999999" in text_of(page(support.get("/audit-entries/999999"), 404))


def test_the_export_holds_what_the_kind_keeps(support: FlaskClient, acme: Organization) -> None:
    with transaction():
        write_entry("invoice.sealed", bill_of(acme), SUPPORT, {"total_cents": 5}, now=utc_now())
    soup = page(support.get("/audit-entries?kind=invoices"))
    link = next(one for one in soup.select("a.btn") if "JSON lines" in one.get_text())
    lines = [json.loads(one) for one in support.get(link["href"]).text.splitlines()]
    assert {one["action"].partition(".")[0] for one in lines} == {"invoice", "adjustment"}
    kept = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "audit.exported")).one()
    assert kept.facts["filters"] == {"kind": "invoices"}
