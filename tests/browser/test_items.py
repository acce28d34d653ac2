"""The items of a bill in a browser: groups open in place and stay open; links without scripts."""

from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import PriceFactory, make_service
from tests.people import People, bill_of
from tests.support.browser import guarded_context
from tests.support.stack import Stack
from tests.support.visitors import Visitor, sign_in

pytestmark = pytest.mark.browser
BILL = "/organizations/acme"


@pytest.fixture
def fleet(acme: Organization) -> Organization:
    """Acme, with ten servers more since its cycle began."""
    began = bill_of(acme).period_start
    with transaction():
        server = PriceFactory(code="server", name="Large server", product="Servers",
                              unit_label="server", version__unit_amount=Decimal(9600))  # fmt: skip
        for number in range(10):
            label = f"robot-{number}"
            make_service(acme, server, now=utc_now(), at=began, label=label, external_id=label)
    return acme


@pytest.fixture
def customer(page: Page, people: People, fleet: Organization) -> Page:
    """The tab of a customer."""
    return Visitor(page, "customer").page


def test_a_group_opens_in_place_and_a_refresh_keeps_it_open(customer: Page) -> None:
    customer.goto(BILL)
    customer.evaluate("window.isTheSamePage = true")
    group = customer.get_by_role("link", name="Servers")
    group.click()
    expect(customer.get_by_role("link", name="Large server (robot-3)")).to_be_visible()
    expect(group).to_be_focused()
    expect(group).to_have_attribute("aria-expanded", "true")
    assert customer.url.endswith(f"{BILL}?open=servers")
    now = utc_now()
    with transaction():
        record_batch([ReportedRecord("acme", "acme-requests", "new", Decimal(300), now)], now=now)
    customer.evaluate("htmx.trigger(document.getElementById('bill'), 'wake')")
    expect(customer.get_by_text("1,500 requests").first).to_be_visible()
    expect(customer.get_by_role("link", name="Large server (robot-3)")).to_be_visible()
    assert customer.evaluate("window.isTheSamePage")
    customer.reload()
    expect(customer.get_by_role("link", name="Large server (robot-3)")).to_be_visible()
    group.click()
    expect(customer.get_by_role("link", name="Large server (robot-3)")).to_have_count(0)
    customer.wait_for_url(f"**{BILL}")


def test_a_refresh_keeps_the_panel_and_the_groups_beneath_it(customer: Page) -> None:
    customer.goto(f"{BILL}?open=servers")
    server = customer.get_by_role("link", name="Large server (robot-3)")
    server.click()
    panel = customer.get_by_role("dialog", name="Details")
    expect(panel).to_be_visible()
    shown = customer.url
    assert shown != f"{BILL}?open=servers"
    now = utc_now()
    with transaction():
        record_batch([ReportedRecord("acme", "acme-requests", "new", Decimal(300), now)], now=now)
    customer.evaluate("htmx.trigger(document.getElementById('bill'), 'wake')")
    expect(customer.locator("#bill").get_by_text("1,500 requests").first).to_be_attached()
    assert server.count() == 1
    expect(panel).to_be_visible()
    assert customer.url == shown
    customer.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    # Going back is not over once the panel is closed.
    customer.wait_for_url(f"**{BILL}?open=servers")


def test_what_is_typed_into_the_filter_stays_while_items_come(customer: Page) -> None:
    customer.goto(BILL)
    field = customer.get_by_label("Filter items")
    field.press_sequentially("robot-7", delay=40)
    expect(customer.get_by_role("link", name="Large server (robot-7)")).to_be_visible()
    expect(customer.locator("#items tbody tr")).to_have_count(1)
    expect(field).to_be_focused()
    expect(field).to_have_value("robot-7")
    assert customer.url.endswith("?q=robot-7")


def test_without_scripts_groups_and_the_filter_are_links_and_a_form(
    browser: Browser, live_stack: Stack, people: People, fleet: Organization
) -> None:
    with guarded_context(browser, live_stack.url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "customer")
        page.goto(BILL)
        page.get_by_role("link", name="Servers").click()
        expect(page.get_by_role("link", name="Large server (robot-3)")).to_be_visible()
        page.get_by_label("Filter items").fill("robot-7")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("#items tbody tr")).to_have_count(1)
        page.get_by_role("link", name="Print").click()
        expect(page.get_by_role("article")).to_contain_text("This is a draft")
