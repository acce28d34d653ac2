"""Search and go to: by keys alone, over any page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context, shoot
from tests.support.every_page import violations
from tests.support.stack import Stack
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def support(page: Page, people: People) -> Page:
    """The tab of a support agent."""
    return Visitor(page, "support").page


@pytest.fixture(params=["light", "dark"])
def themed(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_stack: Stack,
    acme: Organization,
    people: People,
) -> Iterator[Visitor]:
    """A support agent's tab in one of the themes."""
    theme = request.param
    with guarded_context(browser, live_stack.url, color_scheme=theme) as context:
        yield Visitor(context.new_page(), "support")


def test_keys_open_it_choose_in_it_and_go(support: Page) -> None:
    support.goto("/fleet")
    for keys in ("/", "Control+k"):
        support.keyboard.press(keys)
        palette = support.get_by_role("dialog", name="Find or go to")
        expect(palette.get_by_role("combobox")).to_be_focused()
        support.keyboard.press("Escape")
        expect(palette).to_be_hidden()
    support.keyboard.press("/")
    support.keyboard.type("acme")
    first = support.get_by_role("option").first
    expect(first).to_contain_text("Acme Freight")
    expect(first).to_have_attribute("aria-selected", "true")
    support.keyboard.press("ArrowDown")
    expect(support.get_by_role("option", name="Preview sync")).to_have_attribute(
        "aria-selected", "true"
    )
    support.keyboard.press("ArrowUp")
    support.keyboard.press("Enter")
    support.wait_for_url("**/organizations/acme")


def test_enter_before_the_answer_leads_on_by_the_page(support: Page) -> None:
    support.goto("/fleet")
    support.keyboard.press("/")
    support.keyboard.type("acme")
    support.keyboard.press("Enter")
    expect(support).to_have_url(re.compile("/organizations/acme$"))


# Keys that are quicker than htmx, which begins a moment after the page is there.
EARLY = """addEventListener("DOMContentLoaded", () => {
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "/" }));
  const field = document.querySelector("#palette input");
  if (!field) return;
  field.value = "acme";
  field.dispatchEvent(new Event("input"));
})"""


def test_what_is_typed_before_the_page_is_ready_is_answered(support: Page) -> None:
    support.add_init_script(EARLY)
    support.goto("/fleet")
    expect(support.get_by_role("option").first).to_contain_text("Acme Freight")


def test_a_slash_that_is_typed_opens_nothing(support: Page) -> None:
    support.goto("/organizations")
    support.get_by_label("Search").press("/")
    expect(support.get_by_role("dialog", name="Find or go to")).to_be_hidden()


def test_it_is_accessible_in_both_themes_and_on_a_telephone(themed: Visitor) -> None:
    page = themed.page
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/organizations")
        page.keyboard.press("/")
        page.keyboard.type("acm")
        palette = page.get_by_role("dialog", name="Find or go to")
        expect(palette.get_by_role("option").first).to_be_visible()
        assert violations(page) == []
        shoot(page, f"palette-{width}", full=False)
        page.keyboard.press("Escape")
    assert themed.complaints == []
