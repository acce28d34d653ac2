"""A reader in front of a real browser, and what they must never see."""

import re

from playwright.sync_api import Page

from tests.people import PASSWORD

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
