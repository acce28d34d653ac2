"""The panel beside a page: it has an address, forms are answered in it, and Back closes it."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.people import People
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
BILL = "/organizations/acme"
FORM = f"{BILL}/adjustments/new"


@pytest.fixture
def support(page: Page, people: People) -> Page:
    """The tab of a support agent."""
    return Visitor(page, "support").page


@pytest.fixture
def adjustment(support: Page) -> Locator:
    """The form for a charge, open in the panel beside the bill."""
    support.goto("/organizations")
    support.goto(BILL)
    support.get_by_role("link", name="Add charge or credit").click()
    panel = support.get_by_role("dialog", name="Details")
    expect(panel.get_by_role("heading", name="Add a charge or a credit")).to_be_visible()
    return panel


def test_a_wrong_form_stays_in_the_panel_at_the_first_error(
    support: Page, adjustment: Locator
) -> None:
    adjustment.get_by_label("Amount").fill("many")
    adjustment.get_by_label("Description").fill("Set-up")
    adjustment.get_by_role("button", name="Preview the totals").click()
    expect(adjustment.get_by_label("Amount")).to_be_focused()
    expect(adjustment.get_by_label("Description")).to_have_value("Set-up")
    assert support.url.endswith(FORM)


def test_a_right_form_leads_the_page_on(support: Page, adjustment: Locator) -> None:
    adjustment.get_by_role("button", name="Preview the totals").click()
    expect(adjustment.get_by_label("Amount")).to_be_focused()
    adjustment.get_by_label("Charge").check()
    adjustment.get_by_label("Amount").fill("12.00")
    adjustment.get_by_label("Description").fill("Set-up")
    adjustment.get_by_label("Reason").fill("Ticket 4711")
    adjustment.get_by_role("button", name="Preview the totals").click()
    confirm = adjustment.get_by_role("button", name="Charge $12.00")
    expect(confirm).to_be_focused()
    confirm.click()
    expect(support.get_by_text("The charge of $12.00 is on the current invoice.")).to_be_visible()
    expect(adjustment).to_be_hidden()


def test_back_closes_the_panel_and_then_leaves_the_page(support: Page, adjustment: Locator) -> None:
    support.evaluate("window.isTheSamePage = true")
    support.go_back()
    expect(adjustment).to_be_hidden()
    assert support.url.endswith(BILL)
    assert support.evaluate("window.isTheSamePage")
    support.go_back()
    support.wait_for_url("**/organizations")


@pytest.mark.parametrize("key", ["Escape", "Cancel"])
def test_a_panel_closed_otherwise_takes_no_second_step_back(
    support: Page, adjustment: Locator, key: str
) -> None:
    support.evaluate("window.isTheSamePage = true")
    if key == "Escape":
        support.keyboard.press(key)
    else:
        adjustment.get_by_role("link", name=key).click()
    expect(adjustment).to_be_hidden()
    assert support.url.endswith(BILL)
    expect(support.get_by_role("link", name="Add charge or credit")).to_be_focused()
    assert support.evaluate("window.isTheSamePage")
    support.go_back()
    support.wait_for_url("**/organizations")


@pytest.mark.parametrize("modifier", ["ControlOrMeta", "Shift"])
def test_a_modified_click_opens_a_tab_and_no_panel(support: Page, modifier: str) -> None:
    support.goto(BILL)
    link = support.get_by_role("link", name="Add charge or credit")
    with support.context.expect_page() as opened:
        link.click(modifiers=[modifier])
    expect(opened.value).to_have_url(re.compile(f"{FORM}$"))
    expect(support.get_by_role("dialog", name="Details")).to_be_hidden()
    assert support.url.endswith(BILL)


def test_forward_opens_the_panel_again(support: Page, adjustment: Locator) -> None:
    support.evaluate("window.isTheSamePage = true")
    assert support.url.endswith(FORM)
    for _ in range(2):
        support.go_back()
        expect(adjustment).to_be_hidden()
        assert support.url.endswith(BILL)
        support.go_forward()
        expect(adjustment.get_by_label("Amount")).to_be_visible()
        assert support.url.endswith(FORM)
    assert support.evaluate("window.isTheSamePage")


def test_a_reload_keeps_what_was_looked_at_and_back_leads_to_the_page_it_lay_above(
    support: Page, adjustment: Locator
) -> None:
    support.reload()
    expect(support.get_by_role("heading", name="Add a charge or a credit")).to_be_visible()
    assert support.url.endswith(FORM)
    support.go_back()
    expect(support.locator("#bill")).to_be_visible()
    expect(adjustment).to_be_hidden()
    assert support.url.endswith(BILL)
    support.go_forward()
    expect(support.get_by_role("heading", name="Add a charge or a credit")).to_be_visible()
    support.go_back()
    expect(adjustment).to_be_hidden()
    expect(support.locator("#bill")).to_be_visible()
    support.go_back()
    support.wait_for_url("**/organizations")


def test_one_who_went_on_from_the_panel_comes_back_to_what_was_in_it(
    support: Page, people: People
) -> None:
    support.goto(BILL)
    support.locator("#items .row-link").first.click()
    panel = support.get_by_role("dialog", name="Details")
    expect(panel).to_be_visible()
    shown, words = support.url, panel.locator("h1").inner_text()
    support.goto("/organizations")
    support.go_back()
    expect(support.get_by_role("heading", name=words, exact=True).first).to_be_visible()
    assert support.url == shown
    support.go_back()
    expect(support.locator("#bill")).to_be_visible()
    assert support.url.endswith(BILL)


def test_back_pressed_again_before_the_page_listens_leads_to_the_page_beneath(
    support: Page, people: People
) -> None:
    support.goto(BILL)
    support.locator("#items .row-link").first.click()
    panel = support.get_by_role("dialog", name="Details")
    expect(panel).to_be_visible()
    words = panel.locator("h1").inner_text()
    support.goto("/organizations")
    late: list[Route] = []
    support.route("**/app-*.js", lambda route: late.append(route), times=1)
    support.go_back(wait_until="commit")
    expect(support.get_by_role("heading", name=words, exact=True).first).to_be_visible()
    support.go_back(wait_until="commit")
    (scripts,) = late
    scripts.continue_()
    expect(support.locator("#bill")).to_be_visible()
    assert support.url.endswith(BILL)
