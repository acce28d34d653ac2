"""A form in the panel: what is typed is not lost unasked, and what is saved leads on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.every_page import violations

pytestmark = pytest.mark.browser
BILL = "/organizations/acme"
FORM = f"{BILL}/adjustments/new"
TEXT = "A workshop of two days"


@pytest.fixture
def panel(support: Page) -> Locator:
    """The form for a charge, open in the panel beside the bill."""
    support.goto("/organizations")
    support.goto(BILL)
    support.get_by_role("link", name="Add charge or credit").click()
    panel = support.get_by_role("dialog", name="Details")
    expect(panel.get_by_label("Description")).to_be_visible()
    return panel


def press_escape(page: Page) -> None:
    """Ask to close it by the key."""
    page.keyboard.press("Escape")


def press_close(page: Page) -> None:
    """Ask to close it by its button."""
    page.get_by_role("button", name="Close", exact=True).click()


def press_cancel(page: Page) -> None:
    """Ask to close it by the form's link."""
    page.get_by_role("link", name="Cancel").click()


def click_beside(page: Page) -> None:
    """Ask to close it by a click on what it lies above."""
    page.mouse.click(20, 450)


def go_back(page: Page) -> None:
    """Ask to close it by the browser's button."""
    page.evaluate("history.back()")


WAYS = [press_escape, press_close, press_cancel, click_beside, go_back]


def question(page: Page) -> Locator:
    """Return what is asked before a text is discarded."""
    return page.get_by_role("alertdialog", name="Discard what you typed?")


@pytest.mark.parametrize("close", WAYS)
def test_what_was_typed_is_kept_until_the_reader_discards_it(
    support: Page, panel: Locator, close: Callable[[Page], None]
) -> None:
    support.evaluate("window.isTheSamePage = true")
    text = panel.get_by_label("Description")
    text.press_sequentially(TEXT)
    close(support)
    expect(question(support)).to_be_visible()
    expect(question(support).get_by_role("button", name="Keep editing")).to_be_focused()
    assert violations(support) == []
    support.keyboard.press("Enter")
    expect(question(support)).to_be_hidden()
    expect(text).to_have_value(TEXT)
    expect(text).to_be_focused()
    assert support.url.endswith(FORM)
    close(support)
    question(support).get_by_role("button", name="Discard").click()
    expect(panel).to_be_hidden()
    expect(support.get_by_role("link", name="Add charge or credit")).to_be_focused()
    assert support.url.endswith(BILL)
    assert support.evaluate("window.isTheSamePage")


@pytest.mark.parametrize("close", WAYS)
def test_where_nothing_was_typed_nothing_is_asked(
    support: Page, panel: Locator, close: Callable[[Page], None]
) -> None:
    panel.get_by_label("Description").press_sequentially("T")
    support.keyboard.press("Backspace")
    close(support)
    expect(panel).to_be_hidden()
    expect(question(support)).to_be_hidden()


def test_no_number_of_escapes_loses_the_text(support: Page, panel: Locator) -> None:
    text = panel.get_by_label("Description")
    text.press_sequentially(TEXT)
    for _ in range(5):
        support.keyboard.press("Escape")
        expect(question(support)).to_be_visible()
        support.keyboard.press("Escape")
        expect(question(support)).to_be_hidden()
        expect(text).to_have_value(TEXT)


def test_a_text_that_an_answer_brought_back_is_kept_too(support: Page, panel: Locator) -> None:
    panel.get_by_label("Description").fill(TEXT)
    panel.get_by_role("button", name="Preview the totals").click()
    expect(panel.get_by_label("Amount")).to_be_focused()
    support.keyboard.press("Escape")
    expect(question(support)).to_be_visible()


def charge(panel: Locator) -> None:
    """Fill the form in and save it."""
    panel.get_by_label("Charge").check()
    panel.get_by_label("Amount").fill("12.00")
    panel.get_by_label("Description").fill(TEXT)
    panel.get_by_label("Reason").fill("Ticket 4711")
    panel.get_by_role("button", name="Preview the totals").click()
    panel.get_by_role("button", name="Charge $12.00").click()


def test_back_from_what_was_saved_does_not_lead_to_its_form(support: Page, panel: Locator) -> None:
    charge(panel)
    expect(support.get_by_text("The charge of $12.00 is on the current invoice.")).to_be_visible()
    expect(panel).to_be_hidden()
    assert support.url.endswith(BILL)
    support.go_back()
    # It was saved to the page beneath, which stands in the history once.
    support.wait_for_url("**/organizations")


def test_back_from_where_saving_led_is_the_page_beneath(support: Page, panel: Locator) -> None:
    support.goto("/organizations/acme/timeline")
    support.goto(f"{BILL}/details")
    support.goto(BILL)
    # From the bill to the organization's sync, which is a page of its own.
    support.get_by_role("link", name="Preview sync").click()
    panel.get_by_role("button", name="Send the latest changes").click()
    support.wait_for_url("**/syncs/*")
    expect(panel).to_be_hidden()
    support.go_back()
    expect(support.locator("#bill")).to_be_visible()
    expect(panel).to_be_hidden()
    assert support.url.endswith(BILL)
