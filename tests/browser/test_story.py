"""The whole story in a browser: watch the bill move, sync it, roll it, pay, credit, reissue it."""

import pytest
from playwright.sync_api import Page, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import shoot
from tests.support.live_bill import use, wake
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
PATIENCE_MS = 30_000


def test_a_bill_moves_is_synced_rolled_paid_and_credited(
    page: Page, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "support")
    page.goto("/organizations")
    page.get_by_label("Search").fill("acme freight")
    expect(page.get_by_text("Other Labs")).to_be_hidden()
    page.get_by_role("link", name="Acme Freight").click()
    watch_the_total_move(page)
    preview_and_sync(page)
    keep_a_card_at_stripe(page)
    roll(page)
    see_it_paid(page)
    credit_it(page)
    reissue_it(page)
    assert visitor.complaints == []


def watch_the_total_move(page: Page) -> None:
    """Usage reported now is on the page without a reload."""
    expect(page.get_by_text("Not at Stripe yet.")).to_be_visible()
    before = page.locator(".money-total").first.inner_text()
    use(500)
    wake(page)
    expect(page.get_by_text("1,700 requests")).to_be_visible()
    expect(page.locator(".money-total").first).not_to_have_text(before)


def preview_and_sync(page: Page) -> None:
    """What the preview shows is what is sent; afterwards every line is in sync."""
    page.get_by_role("link", name="Preview sync").click()
    panel = page.get_by_role("dialog", name="Details")
    expect(panel.get_by_text("Nothing has been sent.")).to_be_visible()
    panel.get_by_role("button", name="Apply these").click()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible(timeout=PATIENCE_MS)
    shoot(page, "story-run")
    page.get_by_role("link", name="Back to the bill").click()
    expect(page.get_by_text("Equal with Stripe at")).to_be_visible()
    expect(page.locator("#bill").get_by_text("Next sync", exact=True)).to_have_count(0)


def keep_a_card_at_stripe(page: Page) -> None:
    """The button leads to Stripe's portal, here the simulator's, and from there back."""
    page.get_by_role("button", name="Manage payment at Stripe").click()
    page.get_by_role("button", name="Use Visa ending 4242").click()
    expect(page.get_by_text("Visa ending 4242").first).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_text("Owed so far, before tax")).to_be_visible()


def roll(page: Page) -> None:
    """The name is typed and the reason given; then there is no way back."""
    page.get_by_role("link", name="Roll cycle").click()
    page.get_by_label("Name of the organization").fill("Acme Freight")
    page.get_by_label("Reason").fill("The contract ends today")
    shoot(page, "story-roll")
    page.get_by_role("button", name="Roll cycle and bill").click()
    expect(page.get_by_text("The cycle is rolled.")).to_be_visible()


def see_it_paid(page: Page) -> None:
    """The closed invoice is finalized and paid by itself, and the next one is open."""
    paid = page.locator(".status-word", has_text="Paid").first
    for _ in range(PATIENCE_MS // 500):
        if paid.is_visible():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(paid).to_be_visible()
    shoot(page, "story-paid")
    page.get_by_role("link", name="Acme Freight").click()
    expect(page.get_by_text("Owed so far, before tax")).to_be_visible()


def credit_it(page: Page) -> None:
    """What goes back is shown before, by Stripe too; a worker issues it, and the page says so."""
    page.goto("/organizations/acme/invoices/1")
    page.get_by_role("link", name="Credit…").click()
    panel = page.get_by_role("dialog", name="Details")
    panel.get_by_label("Amount", exact=True).fill("12.34")
    panel.get_by_label("Note on the document").fill("For the outage")
    panel.get_by_label("Reason").fill("Ticket 4711")
    panel.get_by_role("button", name="Preview the credit note").click()
    expect(panel.get_by_text("$12.34 is refunded to the payment.")).to_be_visible()
    panel.get_by_role("button", name="Credit $12.34").click()
    after = page.get_by_role("region", name="After it was issued")
    expect(after.get_by_text("Credit note")).to_be_visible(timeout=PATIENCE_MS)
    expect(after.get_by_text("Refund to the payment method")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("is being issued")).to_be_hidden(timeout=PATIENCE_MS)


def reissue_it(page: Page) -> None:
    """What is taken back and billed again is shown before; once Stripe did it, both are said."""
    page.get_by_role("link", name="Credit and reissue…").click()
    panel = page.get_by_role("dialog", name="Details")
    expect(panel.get_by_text("Bills again, on invoice 2")).to_be_visible()
    panel.get_by_label("Reason").fill("Ticket 4712")
    panel.get_by_role("button", name="Preview the credit note").click()
    expect(panel.get_by_text("Stripe says the same of the credit note")).to_be_visible()
    panel.get_by_role("button", name="Reissue $").click()
    expect(page.get_by_text("Taken back and billed again")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("link", name="Acme Freight").click()
    expect(
        page.get_by_text(", from F-").or_(page.get_by_text(", from invoice")).first
    ).to_be_visible()
