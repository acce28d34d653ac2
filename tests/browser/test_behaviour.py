"""What scripts add, and that everything works without them."""

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from dashboard.organizations.models import Organization
from tests.people import People
from tests.support.browser import guarded_context
from tests.support.live_bill import use, wake
from tests.support.stack import Stack
from tests.support.visitors import Visitor, open_account, sign_in

pytestmark = pytest.mark.browser


def test_the_total_moves_without_a_reload(support: Page) -> None:
    support.goto("/organizations/acme")
    expect(support.get_by_text("1,200 requests")).to_be_visible()
    support.evaluate("window.isTheSamePage = true")
    use(800)
    wake(support)
    expect(support.get_by_text("2,000 requests")).to_be_visible()
    assert support.evaluate("window.isTheSamePage")


def test_a_refresh_of_an_unchanged_bill_touches_nothing(support: Page) -> None:
    # The forecast moves every five minutes; of two tries in a row at most one meets that.
    touched = [refresh(support) for _ in range(2)]
    assert 0 in touched


def refresh(page: Page) -> int | None:
    """Open the bill and refresh it; return how much that touched, None if something had moved."""
    page.goto("/organizations/acme")
    # The chart comes by itself, once.
    page.wait_for_selector("#spend .day")
    page.evaluate("""
        window.touched = 0;
        new MutationObserver((all) => { window.touched += all.filter(
          (one) => !one.target.closest?.('[data-freshness], time')).length; })
          .observe(document.getElementById('bill'), {childList: true, subtree: true});
    """)
    with page.expect_response("**/current-invoice") as answer:
        wake(page)
    page.wait_for_timeout(200)
    return int(page.evaluate("window.touched")) if answer.value.status == 304 else None


def test_polling_rests_while_nobody_looks(support: Page) -> None:
    support.goto("/organizations/acme")
    support.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    asked: list[str] = []
    support.on(
        "request",
        lambda request: asked.append(request.url) if "current-invoice" in request.url else None,
    )
    support.evaluate(
        "document.getElementById('bill').dispatchEvent(new Event('every', {bubbles: false}))"
    )
    support.wait_for_timeout(300)
    assert asked == []


def test_a_lost_connection_is_said_and_the_bill_stays(support: Page) -> None:
    support.goto("/organizations/acme")
    support.context.set_offline(True)
    wake(support)
    expect(support.locator("#connection-lost")).to_be_visible()
    expect(support.get_by_text("1,200 requests")).to_be_visible()
    support.context.set_offline(False)
    wake(support)
    expect(support.locator("#connection-lost")).to_be_hidden()


def test_a_failing_server_does_not_take_the_bill_away(support: Page) -> None:
    support.goto("/organizations/acme")
    support.route("**/current-invoice", lambda route: route.fulfill(status=500, body="<p>no</p>"))
    wake(support)
    expect(support.locator("#connection-lost")).to_be_visible()
    expect(support.get_by_text("1,200 requests")).to_be_visible()


def test_a_chart_that_comes_later_does_not_hide_that_the_bill_is_behind(support: Page) -> None:
    held: list[Route] = []
    support.route("**/organizations/acme/spend*", lambda route: held.append(route))
    support.route("**/current-invoice", lambda route: route.fulfill(status=500, body="<p>no</p>"))
    support.goto("/organizations/acme")
    wake(support)
    expect(support.locator("#connection-lost")).to_be_visible()
    held[0].continue_()
    support.wait_for_selector("#spend .day")
    expect(support.locator("#connection-lost")).to_be_visible()
    support.unroute("**/current-invoice")
    wake(support)
    expect(support.locator("#connection-lost")).to_be_hidden()


def test_an_explanation_opens_beside_the_bill_and_escape_closes_it(support: Page) -> None:
    support.goto("/organizations/acme")
    link = support.get_by_role("link", name="API requests", exact=True)
    link.press("Enter")
    panel = support.get_by_role("dialog", name="Details")
    expect(panel.get_by_text("Where this amount comes from")).to_be_visible()
    support.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(link).to_be_focused()


def test_a_preview_that_went_stale_is_followed_by_the_new_one_in_its_place(support: Page) -> None:
    support.goto("/organizations/acme")
    support.get_by_role("link", name="Preview sync").click()
    panel = support.get_by_role("dialog", name="Details")
    apply = panel.get_by_role("button", name="Apply these")
    expect(apply).to_be_visible()
    use(800)
    apply.click()
    expect(panel.get_by_text("The bill changed since your preview")).to_be_visible()
    # The panel's own address, above the same page.
    assert support.url.endswith("/organizations/acme/syncs/new")
    apply.click()
    support.wait_for_url(re.compile(r"/organizations/acme/syncs/\d+$"))


def test_keys_go_to_places(support: Page) -> None:
    support.goto("/fleet")
    support.keyboard.press("g")
    support.keyboard.press("a")
    support.wait_for_url("**/audit-entries")
    support.keyboard.press("?")
    expect(support.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_the_list_narrows_while_one_types(support: Page) -> None:
    support.goto("/organizations")
    support.get_by_label("Search").fill("freight")
    expect(support.get_by_text("Other Labs")).to_be_hidden()
    expect(support.get_by_text("Acme Freight")).to_be_visible()
    assert support.url.endswith("?q=freight")


def test_the_skip_link_is_first_and_leads_to_the_content(support: Page) -> None:
    support.goto("/organizations")
    support.keyboard.press("Tab")
    link = support.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    link.press("Enter")
    expect(support.locator("main")).to_be_focused()


def test_the_theme_is_chosen_and_kept(support: Page) -> None:
    support.goto("/organizations")
    for theme in ("auto", "light"):
        open_account(support)
        support.get_by_role("button", name=f"Theme: {theme}").click()
    expect(support.locator("html")).to_have_attribute("data-bs-theme", "dark")
    support.goto("/fleet")
    expect(support.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_an_instant_is_told_in_the_reader_s_own_zone_too(
    browser: Browser, live_stack: Stack, people: People, acme: Organization
) -> None:
    with guarded_context(browser, live_stack.url, timezone_id="Asia/Kolkata") as context:
        page = context.new_page()
        sign_in(page, "support")
        page.goto("/organizations/acme/timeline")
        instant = page.locator(".timeline time").first
        title = (instant.get_attribute("title") or "").split("\n")
        assert [line.rsplit(" ", 1)[1] for line in title] == ["UTC", "GMT+5:30"]
        assert instant.inner_text() in title[0]


def test_without_scripts_no_room_is_kept_for_a_chart_that_does_not_come(
    browser: Browser, live_stack: Stack, people: People, acme: Organization
) -> None:
    with guarded_context(browser, live_stack.url, java_script_enabled=False) as context:
        page = Visitor(context.new_page(), "support").page
        page.goto(f"/organizations/{acme.slug}")
        assert page.locator("#spend").bounding_box()["height"] < 100


def test_without_scripts_support_can_search_preview_sync_and_roll(
    browser: Browser, live_stack: Stack, people: People, acme: Organization
) -> None:
    with guarded_context(browser, live_stack.url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "support")
        page.get_by_role("link", name="Search or go to").click()
        page.get_by_label("Search").fill("freight")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Acme Freight").first.click()
        page.get_by_role("link", name="Preview sync").click()
        page.get_by_role("button", name="Apply these").click()
        expect(page.get_by_role("heading", name="Sync run")).to_be_visible()
        page.get_by_role("link", name="Back to the bill").click()
        page.get_by_role("link", name="Roll cycle").click()
        page.get_by_label("Name of the organization").fill("Acme Freight")
        page.get_by_label("Reason").fill("Contract ends")
        page.get_by_role("button", name="Roll cycle and bill").click()
        expect(page.get_by_text("The cycle is rolled.")).to_be_visible()


def test_the_invoice_prints(support: Page) -> None:
    support.goto("/organizations/acme")
    support.emulate_media(media="print")
    expect(support.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(support.get_by_text("1,200 requests")).to_be_visible()
    assert len(support.pdf()) > 5_000
