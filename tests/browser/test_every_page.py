"""Each page, in both themes, for each role: accessible, quiet, and usable on a narrow screen."""

import pytest
from playwright.sync_api import Browser

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context, shoot
from tests.support.every_page import PAGES, addresses, role_of, violations
from tests.support.stack import Stack
from tests.support.visitors import Visitor

# Each looks at dozens of pages, and there are more with every issue.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("part", sorted(PAGES))
def test_every_page_is_accessible_and_the_browser_has_no_complaint(
    part: str, theme: str, browser: Browser, live_stack: Stack, acme: Organization, people: People
) -> None:
    size = {"width": 1280, "height": 900}
    wrong: dict[str, list[str]] = {}
    with guarded_context(browser, live_stack.url, viewport=size, color_scheme=theme) as context:
        visitor = Visitor(context.new_page(), role_of(part))
        for address in addresses(part, acme):
            visitor.page.goto(address)
            if found := violations(visitor.page):
                wrong[address] = found
            shoot(visitor.page, f"{part}-{theme}{address.replace('/', '-').replace('?', '-')}")
    assert wrong == {}
    assert visitor.complaints == []


@pytest.mark.parametrize("part", ["support", "support-all", "admin"])
def test_no_page_is_wider_than_a_telephone(
    part: str, browser: Browser, live_stack: Stack, acme: Organization, people: People
) -> None:
    size = {"width": 390, "height": 844}
    wide: list[str] = []
    with guarded_context(browser, live_stack.url, viewport=size) as context:
        page = Visitor(context.new_page(), role_of(part)).page
        for address in addresses(part, acme):
            page.goto(address)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > size["width"]:
                wide.append(f"{address}: {width}")
            shoot(page, f"narrow{address.replace('/', '-').replace('?', '-')}")
    assert wide == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ["/session/new", "/password-requests/new"])
def test_the_pages_before_signing_in_are_accessible(
    address: str, theme: str, browser: Browser, live_stack: Stack
) -> None:
    for width in (1280, 390):
        size = {"width": width, "height": 844}
        with guarded_context(browser, live_stack.url, viewport=size, color_scheme=theme) as context:
            page = context.new_page()
            page.goto(address)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            shoot(page, f"nobody-{theme}-{width}{address.replace('/', '-')}")
