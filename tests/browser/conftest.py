"""A real browser for the tests in this folder."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from dashboard.needs.found import Found
from dashboard.organizations.models import Organization
from tests.people import People, make_bill, make_people, take_usage_off
from tests.support.browser import guarded_context, running_chromium
from tests.support.events_on_pages import make_events
from tests.support.needs import look_now
from tests.support.stack import Stack
from tests.support.visitors import Visitor
from tests.support.whole_company import (
    make_bill_mails,
    make_bulk_action,
    make_dead_events,
    make_issued_bills,
    make_mails,
    make_tokens,
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium for all tests of this process."""
    with running_chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, live_stack: Stack) -> Iterator[Page]:
    """An empty tab, 1280 wide, for the live stack; relative addresses lead there."""
    size = {"width": 1280, "height": 900}
    with guarded_context(browser, live_stack.url, viewport=size) as context:
        yield context.new_page()


@pytest.fixture
def support(page: Page, people: People) -> Page:
    """The tab of a support agent."""
    return Visitor(page, "support").page


@pytest.fixture
def acme(live_stack: Stack) -> Organization:
    """An organization with a bill, and with usage that a backdated end took off."""
    organization = make_bill("acme", name="Acme Freight", fees=3)
    take_usage_off(organization)
    return organization


@pytest.fixture
def people(acme: Organization) -> People:
    """Those who look at it."""
    people = make_people(acme, make_bill("other", name="Other Labs"))
    make_issued_bills(make_bill("globex", name="Globex Cargo", fees=2))
    make_tokens(people.admin, acme)
    make_mails()
    make_bill_mails(acme)
    make_dead_events()
    make_bulk_action()
    make_events(acme)
    # No clock runs beside these tests.
    look_now(told={"late": [Found("workers", None, {"why": "No worker is running."})]})
    return people
