"""The spend chart under the hand: pointer, keys, refreshes, and no script."""

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context
from tests.support.live_bill import use, wake
from tests.support.stack import Stack
from tests.support.visitors import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def chart(support: Page) -> Page:
    """The bill, with the chart that comes to it."""
    support.goto("/organizations/acme")
    support.wait_for_selector("#spend .day")
    return support


def shown(page: Page) -> str:
    """Return the one line of a day that is to be seen."""
    return str(
        page.evaluate("""
            [...document.querySelectorAll("#spend .readout, #spend .readout-at-rest")]
              .filter((line) => getComputedStyle(line).visibility === "visible")
              .map((line) => line.textContent).join("|")
        """)
    )


def test_a_day_is_read_by_pointing_at_it(chart: Page) -> None:
    assert shown(chart) == "Per day, before tax, days in UTC"
    chart.locator("#spend .day-space").nth(2).hover()
    assert "$" in shown(chart)
    assert "Managed database" in shown(chart)


def test_the_days_are_one_stop_and_arrows_go_from_one_to_the_next(chart: Page) -> None:
    today = chart.locator('#spend .day[tabindex="0"]')
    today.focus()
    assert "so far" in shown(chart)
    chart.keyboard.press("ArrowLeft")
    assert "so far" not in shown(chart)
    yesterday = shown(chart)
    chart.keyboard.press("Home")
    assert shown(chart) != yesterday
    chart.keyboard.press("ArrowLeft")
    chart.keyboard.press("End")
    assert "expected" in shown(chart)
    assert chart.locator('#spend .day[tabindex="0"]').count() == 1


def test_a_refresh_moves_the_chart_and_leaves_the_table_open_and_the_focus(chart: Page) -> None:
    chart.locator("#spend-table > summary").click()
    chart.locator('#spend .day[tabindex="0"]').focus()
    before = chart.locator(".chart-sum").text_content()
    with chart.expect_response("**/spend"):
        use(800)
        wake(chart)
    expect(chart.locator(".chart-sum")).not_to_have_text(before or "")
    assert chart.locator("#spend-table").get_attribute("open") is not None
    assert "so far" in shown(chart)


def test_without_a_script_a_link_leads_to_the_whole_chart(
    browser: Browser, live_stack: Stack, people: People, acme: Organization
) -> None:
    with guarded_context(browser, live_stack.url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "customer")
        page.goto("/organizations/acme")
        page.get_by_role("link", name="Spend by day").click()
        expect(page.locator(".chart-sum")).to_contain_text("owed so far")
        page.get_by_role("link", name="Service", exact=True).click()
        expect(page.locator(".legend")).to_contain_text("db-0")
        page.locator("#spend-table > summary").click()
        expect(page.locator("#spend-table tbody tr").first).to_be_visible()
