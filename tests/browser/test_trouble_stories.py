"""Stories of support in a browser, on real processes: a draft that drifted, a bill that jumped."""

from time import monotonic

import pytest
import requests
from playwright.sync_api import Page, expect

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from jobs.syncs import enqueue_run
from tests.people import People, bill_of
from tests.support.live_bill import use
from tests.support.stack import Stack
from tests.support.stripe_dashboard import act
from tests.support.visitors import Visitor, become_known

pytestmark = pytest.mark.browser
BILL = "/organizations/acme"
PATIENCE_MS = 30_000


def compare(organization: Organization) -> None:
    """Have the bill compared with Stripe's, as the clock does after Stripe's event."""
    db.session.rollback()
    with transaction():
        enqueue_run(
            request_sync(bill_of(organization), Request("event", verify=True), now=utc_now())
        )


def test_a_line_added_at_stripe_is_found_and_taken_off(
    page: Page, live_stack: Stack, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "support")
    become_known(page, acme)
    draft = wait_for_draft(page, acme)
    line = {"lines[0][amount]": "25000", "lines[0][description]": "Onboarding workshop"}
    act(live_stack.simulator_url, f"invoices/{draft}/add_lines", **line)
    compare(acme)
    reload_until(page, "Onboarding workshop")
    page.get_by_role("link", name="Decide").first.click()
    panel = page.get_by_role("dialog", name="Details")
    panel.get_by_text("Take ours").click()
    panel.get_by_label("Reason").fill("Nobody here sold a workshop")
    with page.expect_navigation():
        panel.get_by_role("button", name="Remove the line at Stripe").click()
    # The worker takes the line off; until then the page says both.
    reload_until(page, "Onboarding workshop", is_there=False)
    reload_until(page, "Equal with Stripe at")
    assert visitor.complaints == []


def test_my_bill_jumped_is_looked_into_and_credited(
    page: Page, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "support")
    use(100_000)
    page.goto(BILL)
    before = page.locator(".money-total").first.inner_text()
    page.get_by_role("link", name="API requests").first.click()
    panel = page.get_by_role("dialog", name="Details")
    expect(panel.get_by_text("Where this amount comes from")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(f"{BILL}/adjustments/new")
    page.get_by_label("Credit").check()
    page.get_by_label("Amount").fill("20.00")
    page.get_by_label("Description").fill("Credit for a runaway script")
    page.get_by_label("Reason").fill("A loop of theirs called us all night")
    page.get_by_role("button", name="Preview the totals").click()
    expect(page.get_by_text("What this does to the current invoice")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("button", name="Credit $20.00").click()
    page.goto(BILL)
    expect(page.locator(".money-total").first).not_to_have_text(before)
    item = page.get_by_role("link", name="Credit for a runaway script", exact=True)
    expect(item).to_be_visible()
    assert visitor.complaints == []


def test_a_stripe_that_hangs_is_said_within_ten_seconds_to_who_waits_for_it(
    page: Page, live_stack: Stack, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "customer")
    become_known(page, acme)
    page.goto(BILL)
    faults = f"{live_stack.simulator_url}/_simulator/faults"
    hangs = {"kind": "slow", "path": "billing_portal", "seconds": 25}
    requests.post(faults, json=hangs, timeout=5).raise_for_status()
    try:
        begun = monotonic()
        page.get_by_role("button", name="Manage payment at Stripe").click()
        expect(page.get_by_text("Stripe is not answering").first).to_be_visible(timeout=10_000)
        assert monotonic() - begun < 10
        assert page.url.endswith(BILL)
    finally:
        requests.delete(faults, timeout=5).raise_for_status()
    assert visitor.complaints == []


def wait_for_draft(page: Page, organization: Organization) -> str:
    """Return the draft at Stripe once there is one."""
    for _ in range(PATIENCE_MS // 100):
        db.session.rollback()
        draft = bill_of(organization)
        if draft.stripe_invoice_id is not None and draft.last_synced_at is not None:
            return draft.stripe_invoice_id
        page.wait_for_timeout(100)
    raise AssertionError("The first sync did not end.")


def reload_until(page: Page, text: str, *, is_there: bool = True) -> None:
    """Look at the bill until it says this, or no longer does."""
    for _ in range(PATIENCE_MS // 500):
        page.goto(BILL)
        if page.get_by_text(text).first.is_visible() is is_there:
            return
        page.wait_for_timeout(500)
    expect(page.get_by_text(text).first).to_be_visible(visible=is_there, timeout=1)
