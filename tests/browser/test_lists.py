"""Lists by keyboard and without scripts: sorted, picked from, and acted on in bulk."""

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.bulk.models import BulkAction
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.bulk import carry_on_act, carry_on_acts
from tests.factories import make_organization
from tests.people import make_bill, make_people
from tests.support.browser import guarded_context, shoot
from tests.support.stack import Stack
from tests.support.visitors import sign_in

pytestmark = pytest.mark.browser
MANY = 60


@pytest.fixture
def acme(live_stack: Stack) -> Organization:
    """An organization among many."""
    organization = make_bill("acme", name="Acme Freight")
    make_people(organization, make_bill("other", name="Other Labs"))
    with transaction():
        for number in range(MANY):
            make_organization(f"more-{number:02}", now=utc_now(), anchor=utc_now())
    return organization


@pytest.fixture
def support(page: Page, acme: Organization) -> Page:
    """The tab of a support agent."""
    sign_in(page, "support")
    return page


def test_a_head_is_reached_by_the_keyboard_and_says_how_it_sorts(support: Page) -> None:
    support.goto("/organizations")
    head = support.get_by_role("link", name="Cycle ends")
    head.focus()
    head.press("Enter")
    support.wait_for_url("**/organizations?sort=ends")
    sorted_by = support.locator("th[aria-sort]")
    expect(sorted_by).to_have_attribute("aria-sort", "ascending")
    support.get_by_role("link", name="Cycle ends").press("Enter")
    support.wait_for_url("**/organizations?sort=-ends")
    expect(sorted_by).to_have_attribute("aria-sort", "descending")


def test_the_head_of_a_long_list_stays_in_sight(support: Page) -> None:
    support.set_viewport_size({"width": 1440, "height": 500})
    support.goto("/organizations")
    support.mouse.wheel(0, 700)
    support.wait_for_function("scrollY > 300")
    top = support.locator(".is-list thead th").nth(1).bounding_box()
    assert top is not None
    assert -1 <= top["y"] <= 1
    shoot(support, "list-scrolled")


def test_how_many_need_attention_comes_by_itself(support: Page) -> None:
    support.goto("/organizations")
    expect(support.get_by_role("link", name="On hold 0")).to_be_visible()


def test_the_box_in_the_head_picks_all_and_the_choice_says_how_many(support: Page) -> None:
    support.goto("/organizations")
    support.get_by_label("All on this page").check()
    expect(support.get_by_text("Picked (25)")).to_be_visible()
    support.get_by_label("Acme Freight").uncheck()
    expect(support.get_by_text("Picked (24)")).to_be_visible()
    expect(support.get_by_label("All on this page")).not_to_be_checked()


def test_a_bulk_action_is_begun_and_watched_by_the_keyboard(support: Page) -> None:
    support.goto("/organizations?q=acme&attention=parked")
    support.goto("/organizations?q=e")
    box = support.get_by_label("Acme Freight")
    box.press("Space")
    support.get_by_role("button", name="Sync", exact=True).press("Enter")
    expect(support.get_by_role("heading", name="Sync 1 current invoice?")).to_be_visible()
    support.get_by_label("Reason").fill("The price was corrected")
    support.get_by_role("button", name="Sync 1 current invoice").press("Enter")
    support.wait_for_url("**/bulk-actions/*")
    # What the clock does every two seconds.
    for _ in range(60):
        with transaction():
            carry_on_acts()
        db.session.rollback()
        act = db.session.query(BulkAction).populate_existing().one()
        if act.finished_at is not None:
            break
        support.wait_for_timeout(250)
    expect(support.get_by_text("1 of 1 finished: 1 done, 0 failed.")).to_be_visible()


def test_all_that_match_are_counted_and_begun_without_a_script(
    browser: Browser, live_stack: Stack, acme: Organization
) -> None:
    with guarded_context(browser, live_stack.url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "support")
        page.goto("/organizations?q=more")
        page.get_by_label("All that match (60)").check()
        page.get_by_role("button", name="Verify").click()
        expect(page.get_by_role("heading", name="Verify 60 current invoices?")).to_be_visible()
        page.get_by_label("Reason").fill("Checked after the move")
        page.get_by_role("button", name="Verify 60 current invoices").click()
        page.wait_for_url("**/bulk-actions/*")
        act = db.session.query(BulkAction).one()
        carry_on_act(act.id)
        page.reload()
        expect(page.get_by_text("of 60 finished")).to_be_visible()
