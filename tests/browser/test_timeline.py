"""Support's story of one organization: what happened, what Stripe has, what the customer sees."""

import pytest
from playwright.sync_api import Page, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import shoot
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
PATIENCE_MS = 30_000
BILL, TIMELINE, AT_STRIPE = (f"/organizations/acme{one}" for one in ("", "/timeline", "/at-stripe"))


def test_support_reads_what_happened_and_writes_a_note(
    page: Page, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "support")
    page.goto(BILL)
    recent = page.locator("#recent")
    expect(recent.get_by_text("Credit of $5.00: “Goodwill credit”")).to_be_visible()
    recent.get_by_role("link", name="Add a note").click()
    panel = page.get_by_role("dialog", name="Details")
    panel.get_by_label("Note").fill("They asked for a quote.\nSales takes it.")
    panel.get_by_role("button", name="Add the note").click()
    expect(page.get_by_text("They asked for a quote.")).to_be_visible()
    page.get_by_role("button", name="Pin", exact=True).click()
    expect(page.locator(".pinned-note")).to_contain_text("Pinned by support@example.com")
    shoot(page, "timeline")
    kinds = page.get_by_role("navigation", name="Kind")
    kinds.get_by_role("link", name="Services").click()
    expect(page.get_by_text("Managed database db-0 attached")).to_be_visible()
    expect(page.get_by_text("Goodwill credit")).to_have_count(0)
    assert visitor.complaints == []


def test_stripe_is_read_by_the_button_and_the_sides_are_equal(
    page: Page, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "support")
    page.goto(AT_STRIPE)
    expect(page.get_by_text("This invoice is not at Stripe yet.")).to_be_visible()
    page.goto(BILL)
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible(timeout=PATIENCE_MS)
    page.goto(AT_STRIPE)
    expect(page.get_by_text("Stripe was not read yet.")).to_be_visible()
    page.get_by_role("button", name="Read Stripe now").click()
    expect(page.get_by_text("Every line is equal.")).to_be_visible()
    shoot(page, "at-stripe")
    assert visitor.complaints == []


def test_support_views_as_the_customer_and_leaves(
    page: Page, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "support")
    page.goto(BILL)
    page.get_by_role("button", name="View as the customer").click()
    banner = page.locator(".viewing")
    expect(banner).to_contain_text("You see Acme Freight as its customer does")
    expect(page.get_by_role("button", name="Sync now")).to_have_count(0)
    shoot(page, "viewing")
    banner.get_by_role("button", name="Leave the view").click()
    expect(page.get_by_role("button", name="Sync now")).to_be_visible()
    assert visitor.complaints == []
