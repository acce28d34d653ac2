"""The story of a colleague: invited as read only, sees the bill, decides nothing, is removed."""

import email
import re
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default

import pytest
from flask_sqlalchemy import SQLAlchemy
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from dashboard.organizations.models import Organization
from tests.people import make_bill, make_member, make_people
from tests.support.browser import guarded_context, shoot
from tests.support.every_page import violations
from tests.support.mail import link_in
from tests.support.services import Worker
from tests.support.stack import Stack, new_stack, stack_directory, start_web
from tests.support.visitors import Visitor

pytestmark = pytest.mark.browser
MEMBERS = "/organizations/acme/members"
NARROW = {"width": 390, "height": 844}
PATIENCE_SECONDS = 20.0


@pytest.fixture
def site(services: Worker, worker_id: str, db: SQLAlchemy, redis: Redis) -> Iterator[Stack]:
    """A web and a worker that write mails to a folder."""
    stack = new_stack(services, stack_directory(f"{worker_id}-members"))
    folder = stack.directory / "mails"
    stack.env |= {"MAIL_URL": f"file://{folder}", "MAIL_FROM": "Billing <billing@acme.com>"}
    try:
        start_web(stack)
        stack.start_worker()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def acme(site: Stack) -> Organization:
    """An organization of one owner, beside another."""
    organization = make_bill("acme", name="Acme Freight")
    make_people(organization, make_bill("other", name="Other Labs"))
    return organization


def newest_mail(site: Stack) -> EmailMessage:
    """Return the mail that was sent last, once it is."""
    folder, patience = site.directory / "mails", time.monotonic() + PATIENCE_SECONDS
    while not (found := list(folder.glob("*.eml"))) and time.monotonic() < patience:
        time.sleep(0.1)
    path = max(found, key=lambda one: one.stat().st_mtime)
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_colleague_is_invited_looks_and_is_removed(
    browser: Browser, site: Stack, acme: Organization
) -> None:
    size = {"width": 1280, "height": 900}
    with (
        guarded_context(browser, site.url, viewport=size) as ours,
        guarded_context(browser, site.url, viewport=NARROW) as theirs,
    ):
        owner = Visitor(ours.new_page(), "customer")
        invite(owner.page)
        colleague = theirs.new_page()
        accept(colleague, link_in(newest_mail(site)))
        look(colleague)
        remove(owner.page)
        see_it_gone(colleague)
        assert owner.complaints == []


def invite(page: Page) -> None:
    """The owner finds the tab, and says who and as what."""
    page.get_by_role("link", name="Members").click()
    page.get_by_label("E-mail").fill("nia@example.com")
    page.get_by_label("Read only: sees the bill").check()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("An invitation to nia@example.com is on its way.")).to_be_visible()
    shoot(page, "members-invited")


def accept(page: Page, link: str) -> None:
    """The colleague chooses a password, and is at the bill."""
    page.goto(link)
    page.get_by_label("Your name").fill("Nia")
    page.get_by_label("New password").fill("several other words")
    page.get_by_label("Repeat the password").fill("several other words")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/organizations/acme")


def look(page: Page) -> None:
    """The bill is there, and nothing to decide on it."""
    expect(page.get_by_text("Owed so far, before tax")).to_be_visible()
    expect(page.get_by_role("button", name="Manage payment at Stripe")).to_have_count(0)
    page.goto("/organizations/acme/budget")
    expect(page.get_by_label("Amount for each cycle")).to_have_count(0)
    page.goto(MEMBERS)
    expect(page.get_by_role("button", name="Send invitation")).to_have_count(0)
    shoot(page, "members-read-only-narrow")
    page.goto("/organizations/acme")
    expect(page.get_by_text("Owed so far, before tax")).to_be_visible()


def remove(page: Page) -> None:
    """The owner takes the bill away from them, in the panel."""
    page.goto(MEMBERS)
    page.locator("tr", has_text="Nia").get_by_role("link", name="Change").click()
    panel = page.get_by_role("dialog", name="Details")
    expect(panel.get_by_text("Nia loses access to Acme Freight")).to_be_visible()
    shoot(page, "members-panel", full=False)
    panel.get_by_role("button", name="Remove from Acme Freight").click()
    expect(page.get_by_text("Nia no longer has access to Acme Freight.")).to_be_visible()


def see_it_gone(page: Page) -> None:
    """The page that stayed open says so at its next poll."""
    page.evaluate("setTimeout(() => htmx.trigger('#bill', 'wake'))")
    expect(page.get_by_text("an owner has removed you")).to_be_visible()
    expect(page.get_by_text("Owed so far, before tax")).to_have_count(0)
    assert re.search("/organizations/acme$", page.url)
    shoot(page, "members-removed-narrow")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_with_odd_names_and_without_scripts(
    browser: Browser, site: Stack, acme: Organization, theme: str
) -> None:
    long = f"{'a' * 60}@{'b' * 60}.example.com"
    make_member(acme, "billing", name="Bartholomew " * 16, email=long)
    make_member(acme, "reader", name="\u05d3\u05d5\u05d3 \u05db\u05d4\u05df")
    for width in (1280, 390, 360):
        size = {"width": width, "height": 844}
        with guarded_context(browser, site.url, viewport=size, color_scheme=theme) as context:
            page = Visitor(context.new_page(), "customer").page
            for path in (MEMBERS, f"{MEMBERS}/departures/new"):
                page.goto(path)
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                shoot(page, f"members-{theme}-{width}{path.rpartition('/')[2]}")
            page.goto(MEMBERS)
            change = page.locator("tr", has_text="Bartholomew").get_by_role("link", name="Change")
            change.click()
            expect(page.get_by_role("dialog", name="Details")).to_be_visible()
            shoot(page, f"members-panel-{theme}-{width}", full=False)
            page.goto(change.get_attribute("href") or "")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    with guarded_context(browser, site.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/session/new")
        page.get_by_label("E-mail").fill("customer@example.com")
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.goto(MEMBERS)
        page.locator("tr", has_text="Bartholomew").get_by_role("link", name="Change").click()
        page.get_by_label("Read only: sees the bill").check()
        page.get_by_role("button", name="Change the role").click()
        expect(page.get_by_text("now has the role Read only.")).to_be_visible()
