"""What people write in one word of 200 letters breaks, and hides no amount and no button."""

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context, shoot
from tests.support.every_page import PAGES, addresses, role_of
from tests.support.long_words import WORD, lengthen_all
from tests.support.stack import Stack
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
BILL = "/organizations/acme"
# What is wider than what it stands in: the page, a table in its frame, a panel, an amount.
TOO_WIDE = """() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - width;
  if (over > 0) found.push(`the page, by ${over}`);
  for (const one of document.querySelectorAll(".table-frame, dialog[open]")) {
    const more = one.scrollWidth - one.clientWidth;
    if (more > 1) found.push(`${one.getAttribute("aria-label")}, by ${more}`);
  }
  for (const one of document.querySelectorAll("main .money, main td.num, .paper td")) {
    const { right } = one.getBoundingClientRect();
    const end = one.closest(".card, .paper")?.getBoundingClientRect().right ?? width;
    const isCut = one.checkVisibility() && right > Math.min(end, width) + 1;
    if (isCut) found.push(one.textContent.trim());
  }
  return found;
}"""


def too_wide(page: Page) -> list[str]:
    """Return what of a page is out of sight at the right."""
    return [str(one) for one in page.evaluate(TOO_WIDE)]


@pytest.mark.parametrize("part", sorted(PAGES))
def test_no_page_hides_an_amount_behind_a_long_word(
    part: str, browser: Browser, live_stack: Stack, acme: Organization, people: People
) -> None:
    wrong: dict[str, list[str]] = {}
    with guarded_context(browser, live_stack.url) as context:
        page = Visitor(context.new_page(), role_of(part)).page
        found = list(addresses(part, acme))
        lengthen_all()
        for address in found:
            page.goto(address)
            for width in (1440, 1000, 900, 390):
                page.set_viewport_size({"width": width, "height": 900})
                if hidden := too_wide(page):
                    wrong[f"{address} at {width}"] = hidden
            shoot(page, f"long-words-{part}{address.replace('/', '-').replace('?', '-')}")
    assert wrong == {}


@pytest.mark.parametrize("address", [BILL, f"{BILL}/invoices/1/document"])
def test_on_paper_no_amount_is_cut_off(support: Page, address: str) -> None:
    lengthen_all()
    support.goto(address)
    support.emulate_media(media="print")
    # A4 within its margins, at 96 dots an inch.
    support.set_viewport_size({"width": 718, "height": 1050})
    assert too_wide(support) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_panel_holds_a_long_word(support: Page, width: int) -> None:
    lengthen_all()
    support.set_viewport_size({"width": width, "height": 900})
    support.goto(BILL)
    for link in ("#items .row-link", "#items a[href$='adjustments/new']"):
        support.locator(link).first.click()
        panel = support.get_by_role("dialog", name="Details")
        expect(panel.locator("h1")).to_be_visible()
        expect(panel).to_contain_text(WORD[:100])
        assert too_wide(support) == []
        support.keyboard.press("Escape")
        expect(panel).to_be_hidden()
