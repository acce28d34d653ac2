"""The story of a large credit: one person proposes it, another approves it, and it is reversed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask_sqlalchemy import SQLAlchemy
from playwright.sync_api import Browser, Page, expect
from redis import Redis
from sqlalchemy import select

from dashboard.approvals.models import Proposal
from dashboard.billing.models import Adjustment
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from tests.people import make_bill, make_people
from tests.support.browser import guarded_context, shoot
from tests.support.every_page import violations
from tests.support.needs import look_now
from tests.support.services import Worker
from tests.support.stack import Stack, new_stack, stack_directory, start_web
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
ACME = "/organizations/acme"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def site(services: Worker, worker_id: str, db: SQLAlchemy, redis: Redis) -> Iterator[Stack]:
    """A web where a second person approves what is above 200."""
    stack = new_stack(services, stack_directory(f"{worker_id}-eyes"))
    stack.env |= {"APPROVE_ABOVE": "200"}
    try:
        start_web(stack)
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def acme(site: Stack) -> Organization:
    """An organization with support and an admin who look at it."""
    organization = make_bill("acme", name="Acme Freight", fees=3)
    make_people(organization, make_bill("other", name="Other Labs"))
    return organization


def test_a_large_credit_is_proposed_approved_and_reversed(
    browser: Browser, site: Stack, acme: Organization
) -> None:
    with (
        guarded_context(browser, site.url, viewport=WIDE) as one,
        guarded_context(browser, site.url, viewport=NARROW, color_scheme="dark") as other,
    ):
        proposer, approver = Visitor(one.new_page(), "support"), Visitor(other.new_page(), "admin")
        propose(proposer.page)
        look_at_what_waits(approver.page)
        approve(approver.page)
        reverse(proposer.page)
        approve(approver.page)
        see_both(proposer.page)
        assert proposer.complaints == approver.complaints == []


def propose(page: Page) -> None:
    """Support fills in the panel's form, sees the totals, and proposes."""
    page.goto(f"{ACME}/adjustments")
    page.get_by_role("link", name="Add charge or credit").click()
    panel = page.get_by_role("dialog", name="Details")
    panel.get_by_label("Credit", exact=True).check()
    panel.get_by_label("Amount").fill("250")
    panel.get_by_label("Description on the invoice").fill("Credit for the outage of 12 November")
    panel.get_by_label("Reason").fill("Ticket 4711")
    panel.get_by_role("button", name="Preview the totals").click()
    expect(panel.get_by_text("Above $200.00, a second person approves.")).to_be_visible()
    shoot(page, "eyes-form-panel", full=False)
    panel.get_by_role("button", name="Propose to credit $250.00").click()
    expect(page.get_by_role("button", name="Withdraw this proposal")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    page.wait_for_load_state()
    assert violations(page) == []
    shoot(page, "eyes-own")


def look_at_what_waits(page: Page) -> None:
    """An admin finds it among what needs a person, and at the organization."""
    # No clock runs beside this test.
    look_now()
    page.goto("/needs?kind=approval")
    expect(page.get_by_text("support@example.com proposed a credit")).to_be_visible()
    shoot(page, "eyes-needs-narrow")
    page.goto(f"{ACME}/adjustments")
    expect(page.get_by_text("waits for a second person")).to_be_visible()
    shoot(page, "eyes-list-narrow")


def approve(page: Page) -> None:
    """The admin opens what waits, sees what it does, and approves it."""
    page.goto(f"{ACME}/adjustments")
    page.get_by_role("link", name="waits for a second person").click()
    expect(page.get_by_role("button", name="Approve $250.00")).to_be_visible()
    page.wait_for_load_state()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    shoot(page, "eyes-approve-narrow")
    page.get_by_role("button", name="Approve $250.00").click()
    expect(page.get_by_text("Approved. The invoice has changed.")).to_be_visible()
    shoot(page, "eyes-approved-narrow")


def reverse(page: Page) -> None:
    """Support proposes to reverse it, from the list."""
    page.goto(f"{ACME}/adjustments")
    shoot(page, "eyes-list")
    page.locator("tr", has_text="12 November").get_by_role("link", name="Reverse").click()
    panel = page.get_by_role("dialog", name="Details")
    panel.get_by_label("Reason").fill("The wrong customer")
    expect(panel.get_by_text("The bill grows by $250.00")).to_be_visible()
    shoot(page, "eyes-reverse-panel", full=False)
    panel.get_by_role("button", name="Propose to reverse $250.00").click()
    expect(page.get_by_role("button", name="Withdraw this proposal")).to_be_visible()


def see_both(page: Page) -> None:
    """Both entries are in the list; the bill and the document have neither."""
    page.goto(f"{ACME}/adjustments")
    expect(page.get_by_text("Reverses “Credit for the outage of 12 November”")).to_be_visible()
    for name in ("", "/proposals", "/timeline?kind=money", "/invoices/1/document"):
        page.goto(f"{ACME}{name}")
        shoot(page, f"eyes-after{name.replace('/', '-').partition('?')[0]}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_pages_are_accessible_and_fit_without_scripts_too(
    browser: Browser, site: Stack, acme: Organization, theme: str
) -> None:
    credit = database.session.scalars(
        select(Adjustment.id).where(Adjustment.organization_id == acme.id)
    ).one()
    where = f"{ACME}/adjustments/{credit}/reversals/new"
    with guarded_context(browser, site.url, viewport=WIDE) as context:
        propose(Visitor(context.new_page(), "support").page)
    proposal = f"{ACME}/proposals/{database.session.scalars(select(Proposal.id)).one()}"
    for width in (1280, 390, 360):
        size = {"width": width, "height": 844}
        with guarded_context(browser, site.url, viewport=size, color_scheme=theme) as context:
            page = Visitor(context.new_page(), "admin").page
            for name, path in (
                ("list", f"{ACME}/adjustments"), ("all", f"{ACME}/proposals"),
                ("one", proposal), ("reverse", where),
            ):  # fmt: skip
                page.goto(path)
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                shoot(page, f"eyes-{name}-{theme}-{width}")
    with guarded_context(browser, site.url, java_script_enabled=False) as context:
        page = Visitor(context.new_page(), "admin").page
        page.goto(where)
        page.get_by_label("Reason").fill("Given twice")
        page.get_by_role("button", name="Reverse $5.00").click()
        expect(page.get_by_text("The credit of $5.00 is reversed.")).to_be_visible()
        page.goto(proposal)
        page.get_by_label("Reason to refuse").fill("Half of it")
        page.get_by_role("button", name="Refuse $250.00").click()
        expect(page.get_by_text("Refused. Nothing was changed.")).to_be_visible()
