"""Creating and finding organizations."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.draft import current_invoice
from dashboard.errors import Invalid
from dashboard.organizations.create import OrganizationExists
from dashboard.organizations.models import Organization
from dashboard.organizations.search import search_organizations
from tests.factories import APRIL, NOW, make_organization


def test_a_new_organization_has_its_first_cycle_and_draft(db):
    invoice = current_invoice(make_organization())
    assert (invoice.sequence, invoice.status, invoice.total_cents) == (1, "draft", 0)
    assert (invoice.period_start, invoice.period_end) == (APRIL, datetime(2026, 5, 1, tzinfo=UTC))
    assert (invoice.cycle.sequence, invoice.cycle.starts_at) == (1, APRIL)
    assert db.session.scalar(select(AuditEntry.action)) == "organization.created"


def test_an_old_anchor_only_sets_the_day_of_the_month(db):
    anchor = datetime(2024, 1, 31, 6, 30, 15, 999, tzinfo=UTC)
    invoice = current_invoice(make_organization(anchor=anchor))
    assert invoice.period_start == datetime(2026, 3, 31, 6, 30, 15, tzinfo=UTC)
    assert invoice.period_end == datetime(2026, 4, 30, 6, 30, 15, tzinfo=UTC)
    assert invoice.cycle.sequence == 1


def test_the_same_organization_again_is_one(db):
    first = make_organization(external_id="crm-1")
    assert make_organization(external_id="crm-1") is first
    assert db.session.scalar(select(func.count()).select_from(Organization)) == 1


@pytest.mark.parametrize(
    "other", [{"name": "Other"}, {"currency": "eur"}, {"slug": "other", "external_id": "crm-1"}]
)
def test_a_slug_or_external_id_stands_for_one_organization(db, other):
    make_organization(external_id="crm-1")
    with pytest.raises(OrganizationExists, match="Nothing was created"):
        make_organization(**other)


def test_days_until_due_belong_to_sent_invoices(db):
    with pytest.raises(Invalid, match="days until due"):
        make_organization(collection_method="send_invoice")
    assert make_organization(collection_method="send_invoice", days_until_due=14).days_until_due


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("", ["acme", "zeta-works"]),
        ("CME", ["acme"]),
        ("billing@zeta", ["zeta-works"]),
        ("zeta-w", ["zeta-works"]),
        ("crm-9", ["zeta-works"]),
        ("in_42", ["zeta-works"]),
        ("%", []),
        ("nobody", []),
    ],
)
def test_an_organization_is_found_by_what_is_at_hand(db, text, slugs):
    make_organization()
    zeta = make_organization("zeta-works", external_id="crm-9")
    current_invoice(zeta).stripe_invoice_id = "in_42"
    assert [found.slug for found in search_organizations(text).rows] == slugs


def test_the_list_comes_in_pages(db):
    for slug in ("acme", "beta", "ceta"):
        make_organization(slug, now=NOW)
    page = search_organizations(page=2, size=2)
    assert ([one.slug for one in page.rows], page.total) == (["ceta"], 3)
