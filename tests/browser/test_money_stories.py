"""Stories of money in a browser, on real processes: a close that is watched, a card that fails."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.audit.actor import SYSTEM
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from jobs.syncs import enqueue_run
from tests.people import People, bill_of
from tests.support.browser import guarded_context
from tests.support.live_bill import wake
from tests.support.stack import Stack
from tests.support.visitors import PATIENCE_MS, Visitor, become_known

pytestmark = pytest.mark.browser
BILL = "/organizations/acme"


@pytest.fixture
def customer(browser: Browser, live_stack: Stack, people: People) -> Iterator[Visitor]:
    """A customer, whose browser may have nothing to complain about at the end."""
    with guarded_context(browser, live_stack.url) as context:
        visitor = Visitor(context.new_page(), "customer")
        yield visitor
        assert visitor.complaints == []


def choose_card(page: Page, last4: str) -> None:
    """Take a card in Stripe's portal, where the page of the bill leads, and come back."""
    page.get_by_role("button", name=f"Use Visa ending {last4}").click()
    expect(page.get_by_text(f"Visa ending {last4}").first).to_be_visible()
    page.get_by_role("link", name="Back").click()
    page.wait_for_url(f"**{BILL}*")


def close_now(organization: Organization) -> None:
    """End the cycle and have the invoice issued by the worker, as the clock and the roll do."""
    with transaction():
        ended = bill_of(organization)
        roll_early(organization, reason="The story goes on", actor=SYSTEM, now=utc_now())
        enqueue_run(request_sync(ended, Request("final", verify=True), now=utc_now()))


def wake_until(page: Page, text: str) -> None:
    """Let the open page ask for news until it says this; it is not loaded again."""
    found = page.get_by_text(text).first
    for _ in range(PATIENCE_MS // 300):
        if found.is_visible():
            return
        wake(page)
        page.evaluate(
            "document.querySelectorAll('[data-polled]').forEach((one) => htmx.trigger(one, 'wake'))"
        )
        page.wait_for_timeout(300)
    expect(found).to_be_visible(timeout=1)


def test_a_close_is_watched_to_its_payment_without_a_reload(
    customer: Visitor, acme: Organization
) -> None:
    page = customer.page
    become_known(page, acme)
    page.goto(BILL)
    page.get_by_role("button", name="Manage payment at Stripe").click()
    choose_card(page, "4242")
    page.evaluate("window.isTheSamePage = true")
    close_now(acme)
    wake_until(page, "Paid on")
    steps = page.locator(".close-steps li")
    assert [one.get_attribute("class") for one in steps.all()] == ["is-done"] * 4
    assert page.evaluate("window.isTheSamePage")


def test_a_declined_card_is_changed_and_the_invoice_paid(
    customer: Visitor, acme: Organization
) -> None:
    page = customer.page
    become_known(page, acme)
    page.goto(BILL)
    page.get_by_role("button", name="Manage payment at Stripe").click()
    choose_card(page, "0002")
    close_now(acme)
    wake_until(page, "declined on")
    alarm = page.get_by_role("alert").filter(has_text="declined on")
    expect(alarm).to_contain_text("We try again on")
    alarm.get_by_role("button", name="Update card").click()
    choose_card(page, "4242")
    with page.context.expect_page() as opened:
        alarm.get_by_role("link", name="Pay").click()
    opened.value.get_by_role("button", name="Pay this invoice").click()
    expect(opened.value.get_by_text("Thank you.")).to_be_visible()
    opened.value.close()
    wake_until(page, "Paid on")
    expect(page.get_by_role("alert")).to_have_count(0)
    db.session.rollback()
    paid = db.session.query(Invoice).filter_by(organization_id=acme.id, status="paid")
    assert paid.count() == 1
