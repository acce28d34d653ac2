"""A reader in front of a real browser, and what they must never see."""

import re

from playwright.sync_api import Page

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from jobs.syncs import enqueue_run
from tests.people import PASSWORD, bill_of

PATIENCE_MS = 30_000

# Answers that a test asked for, and a fade that is skipped as the tab goes on before it was drawn.
HARMLESS = ("status of 4", "Transition was aborted", "Transition was skipped")


class Visitor:
    """One tab with a signed-in reader; it remembers whatever the browser complained about."""

    def __init__(self, page: Page, role: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self._listen("error", str(error)))
        page.on("console", lambda line: self._listen(line.type, line.text))
        sign_in(page, role)

    def _listen(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(one in text for one in HARMLESS):
            self.complaints.append(text)


def open_account(page: Page) -> None:
    """Open what the sidebar keeps below the reader's name, unless it is open."""
    if not page.locator(".me[open]").count():
        page.locator(".me summary").click()


def sign_out(page: Page) -> None:
    """Sign out by the sidebar."""
    open_account(page)
    page.get_by_role("button", name="Sign out", exact=True).click()


def sign_in(page: Page, role: str) -> None:
    """Sign in through the form, as people do."""
    page.goto("/session/new")
    page.get_by_label("E-mail").fill(f"{role}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    # Customers to their bill, staff to what needs a person.
    page.wait_for_url(re.compile("/(organizations|needs)"))


def become_known(page: Page, organization: Organization) -> None:
    """Let a first sync make the customer at Stripe."""
    with transaction():
        enqueue_run(request_sync(bill_of(organization), Request("support"), now=utc_now()))
    for _ in range(PATIENCE_MS // 100):
        db.session.refresh(organization)
        if organization.stripe_customer_id is not None:
            return
        db.session.rollback()
        page.wait_for_timeout(100)
    raise AssertionError("The first sync did not end.")
