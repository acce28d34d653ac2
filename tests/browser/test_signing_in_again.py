"""A session that ends while somebody types costs them nothing, and large matters ask who it is."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import update

from dashboard.accounts.session_models import UserSession
from dashboard.clock import utc_now
from dashboard.extensions import db
from tests.people import PASSWORD, People
from tests.support.browser import guarded_context, shoot
from tests.support.stack import Stack
from tests.support.visitors import Visitor, sign_out

pytestmark = pytest.mark.browser
BILL = "/organizations/acme"
NARROW = {"width": 390, "height": 844}


@pytest.fixture
def support(page: Page, people: People) -> Page:
    """The tab of a support agent."""
    return Visitor(page, "support").page


@pytest.fixture
def panel(support: Page) -> Locator:
    """The form for a charge, typed in beside the bill, when the session ends."""
    panel = open_form(support)
    change(ended_at=utc_now())
    return panel


def open_form(support: Page) -> Locator:
    """Open the form for a charge beside the bill and type into it; return its panel."""
    support.goto(BILL)
    support.get_by_role("link", name="Add charge or credit").click()
    panel = support.get_by_role("dialog", name="Details")
    panel.get_by_label("Charge", exact=True).check()
    panel.get_by_label("Amount").fill("12.00")
    panel.get_by_label("Description").fill("Set-up")
    panel.get_by_label("Reason").fill("Ticket 4711")
    return panel


def change(**facts: object) -> None:
    """Set this in every session."""
    with db.engine.begin() as connection:
        connection.execute(update(UserSession).values(**facts))


def wake(page: Page) -> None:
    """Let the page ask for what is new, as when somebody comes back to it."""
    with page.expect_response("**/current-invoice"):
        page.evaluate("htmx.trigger(document.getElementById('bill'), 'wake')")


def sign_in(where: Page | Locator, role: str = "support") -> None:
    """Fill in the sign-in form and send it."""
    where.get_by_label("E-mail").fill(f"{role}@example.com")
    where.get_by_label("Password").fill(PASSWORD)
    where.get_by_role("button", name="Sign in", exact=True).click()


def test_what_was_typed_in_the_panel_is_there_after_signing_in(
    support: Page, panel: Locator
) -> None:
    panel.get_by_role("button", name="Preview the totals").click()
    expect(panel.get_by_text("You are signed out")).to_be_visible()
    shoot(support, "signed-out-panel", full=False)
    sign_in(panel)
    support.wait_for_url("**/adjustments/new")
    expect(support.get_by_text("Your text is still here.")).to_be_visible()
    expect(support.get_by_label("Amount")).to_have_value("12.00")
    expect(support.get_by_label("Reason")).to_have_value("Ticket 4711")
    shoot(support, "signed-in-again")
    support.get_by_role("button", name="Charge $12.00").click()
    expect(support.get_by_text("The charge of $12.00 is on the current invoice.")).to_be_visible()


def test_a_form_in_the_panel_is_kept_though_another_tab_signed_out_and_in_again(
    support: Page,
) -> None:
    open_form(support)
    other = support.context.new_page()
    other.goto(BILL)
    sign_out(other)
    other.goto("/session/new")
    sign_in(other)
    expect(other.get_by_role("button", name="Sign in")).to_have_count(0)
    # Its token is of the session before.
    support.get_by_role("button", name="Preview the totals").click()
    expect(support.get_by_text("Your text is still here.")).to_be_visible()
    expect(support.get_by_label("Amount")).to_have_value("12.00")
    expect(support.get_by_label("Reason")).to_have_value("Ticket 4711")
    assert support.url.endswith("/adjustments/new")


def test_a_form_in_the_panel_is_kept_though_another_tab_signed_out(support: Page) -> None:
    panel = open_form(support)
    other = support.context.new_page()
    other.goto(BILL)
    sign_out(other)
    expect(other).to_have_url(re.compile("/session/new"))
    panel.get_by_role("button", name="Preview the totals").click()
    expect(panel.get_by_text("You are signed out")).to_be_visible()
    sign_in(panel)
    support.wait_for_url("**/adjustments/new")
    expect(support.get_by_label("Description")).to_have_value("Set-up")


def test_a_poll_does_not_lead_away_from_what_is_typed(support: Page, panel: Locator) -> None:
    wake(support)
    expect(support.get_by_text("You are signed out. Your text")).to_be_visible()
    expect(panel.get_by_text("You are signed out. Your text")).to_be_visible()
    expect(panel.get_by_label("Reason")).to_have_value("Ticket 4711")
    shoot(support, "signed-out-typing", full=False)
    panel.get_by_role("button", name="Preview the totals").click()
    expect(panel.get_by_text("Nothing was changed. Sign in")).to_be_visible()
    wake(support)
    sign_in(panel)
    support.wait_for_url("**/adjustments/new")


def test_a_poll_leads_to_signing_in_and_back_to_its_page(support: Page) -> None:
    support.goto(BILL)
    change(ended_at=utc_now())
    # Later than the answer to this, which would not come from a page that was left meanwhile. Both
    # the poll and the chart in it may lead there, and the second ends the way of the first.
    support.evaluate("setTimeout(() => htmx.trigger(document.getElementById('bill'), 'wake'), 500)")
    expect(support).to_have_url(re.compile(r"/session/new\?next=/organizations/acme$"))
    support.wait_for_load_state()
    sign_in(support)
    expect(support).to_have_url(re.compile(f"{BILL}$"))
    expect(support.get_by_role("heading", name="Acme Freight")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [None, NARROW], ids=["wide", "narrow"])
def test_an_invitation_in_the_panel_is_confirmed_there(
    page: Page, people: People, theme: str, size: dict[str, int] | None
) -> None:
    admin = Visitor(page, "admin").page
    admin.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of its words
    if size is not None:
        admin.set_viewport_size(size)  # type: ignore[arg-type]  # a width and a height
    name = f"{theme}-{'narrow' if size else 'wide'}"
    admin.goto("/sessions")
    shoot(admin, f"sessions-{name}")
    admin.goto(f"/people/{people.admin}")
    shoot(admin, f"person-{name}")
    change(proved_at=utc_now() - timedelta(hours=1))
    admin.goto("/people")
    admin.get_by_role("link", name="Invite").click()
    panel = admin.get_by_role("dialog", name="Details")
    panel.get_by_label("E-mail").fill("sue@example.com")
    panel.get_by_text("Support: syncs").click()
    panel.get_by_role("button", name="Invite").click()
    expect(panel.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    expect(panel.get_by_label("Your password", exact=True)).to_be_focused()
    shoot(admin, f"confirm-{name}", full=False)
    panel.get_by_label("Your password", exact=True).fill("wrong")
    panel.get_by_role("button", name="Confirm and continue").click()
    expect(panel.get_by_text("That is not your password")).to_be_visible()
    panel.get_by_label("Your password", exact=True).fill(PASSWORD)
    panel.get_by_role("button", name="Confirm and continue").click()
    expect(panel.get_by_text("sue@example.com").first).to_be_visible()


def test_both_work_without_scripts(browser: Browser, live_stack: Stack, people: People) -> None:
    with guarded_context(browser, live_stack.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/api-tokens/new")
        sign_in(page, "admin")
        page.get_by_label("Name").fill("metering")
        page.get_by_label("usage:write").check()
        change(ended_at=utc_now())
        page.get_by_role("button", name="Create token").click()
        shoot(page, "signed-out-page")
        sign_in(page, "admin")
        expect(page.get_by_label("Name")).to_have_value("metering")
        expect(page.get_by_label("usage:write")).to_be_checked()
        change(proved_at=utc_now() - timedelta(hours=1))
        page.get_by_role("button", name="Create token").click()
        page.get_by_label("Your password", exact=True).fill(PASSWORD)
        shoot(page, "confirm-page")
        page.get_by_role("button", name="Confirm and continue").click()
        expect(page.get_by_text("metering").first).to_be_visible()
        expect(page.get_by_text("bd_").first).to_be_visible()
