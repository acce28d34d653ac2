"""With scripts off every page still says what it is for, and its links and forms still lead on."""

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context
from tests.support.every_page import PAGES, addresses, role_of
from tests.support.stack import Stack
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
# What would do nothing without a script: a button beside every form, a link that leads nowhere.
IDLE = """
    [...document.querySelectorAll("main button, main a")].filter((one) =>
      one.checkVisibility() && (one.tagName === "A"
        ? !one.getAttribute("href") || one.getAttribute("href") === "#"
        : !one.form && !one.hasAttribute("popovertarget"))
    ).map((one) => one.outerHTML.slice(0, 120))
"""


@pytest.mark.parametrize("part", sorted(PAGES))
def test_every_page_can_be_read_and_offers_nothing_that_needs_a_script(
    part: str, browser: Browser, live_stack: Stack, acme: Organization, people: People
) -> None:
    idle: dict[str, list[str]] = {}
    with guarded_context(browser, live_stack.url, java_script_enabled=False) as context:
        visitor = Visitor(context.new_page(), role_of(part))
        for address in addresses(part, acme):
            visitor.page.goto(address)
            expect(visitor.page.locator("h1").first).to_be_visible()
            if found := idle_on(visitor.page):
                idle[address] = found
    assert idle == {}
    assert visitor.complaints == []


def idle_on(page: Page) -> list[str]:
    """Return what of a page does nothing; Playwright asks it in a world of its own."""
    return [str(one) for one in page.evaluate(IDLE)]
