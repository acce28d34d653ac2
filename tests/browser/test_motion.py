"""One page fades into the next unless the reader asked for less motion; nothing depends on it."""

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context
from tests.support.live_bill import use, wake
from tests.support.stack import Stack
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
WATCH = "addEventListener('pagereveal', (event) => { window.fades = !!event.viewTransition; })"


@pytest.mark.parametrize(("motion", "fades"), [("no-preference", True), ("reduce", False)])
def test_pages_fade_only_where_motion_is_welcome(
    motion: str,
    fades: bool,
    browser: Browser,
    live_stack: Stack,
    people: People,
    acme: Organization,
) -> None:
    with guarded_context(browser, live_stack.url, reduced_motion=motion) as context:
        visitor = Visitor(context.new_page(), "support")
        page = visitor.page
        page.add_init_script(WATCH)
        page.goto("/organizations/acme")
        # The browser skips a fade when a page comes late; of ten in a row it shows some.
        assert any(fade_to(page, place) for place in ("History", "Usage") * 5) is fades
        assert visitor.complaints == []


def fade_to(page: Page, place: str) -> bool:
    """Follow a tab; return whether its page faded in."""
    page.get_by_role("link", name=place, exact=True).click()
    page.wait_for_url(f"**/{place.lower()}")
    page.wait_for_function("window.fades !== undefined")
    return bool(page.evaluate("window.fades"))


def test_after_a_fade_the_way_back_leads_to_a_bill_that_lives(
    page: Page, people: People, acme: Organization
) -> None:
    visitor = Visitor(page, "support")
    page.goto("/organizations/acme")
    page.get_by_role("link", name="History", exact=True).click()
    page.wait_for_url("**/history")
    page.go_back()
    use(800)
    wake(page)
    expect(page.get_by_text("2,000 requests")).to_be_visible()
    page.get_by_role("link", name="API requests", exact=True).click()
    panel = page.get_by_role("dialog", name="Details")
    expect(panel.get_by_text("Where this amount comes from")).to_be_visible()
    page.go_back()
    assert visitor.complaints == []
