"""A reader in front of a real browser, and what they must never see."""

from playwright.sync_api import Page

from tests.people import PASSWORD


class Visitor:
    """One tab with a signed-in reader; it remembers whatever the browser complained about."""

    def __init__(self, page: Page, role: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self._listen(line.type, line.text))
        sign_in(page, role)

    def _listen(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "status of 4" not in text:
            self.complaints.append(text)


def sign_in(page: Page, role: str) -> None:
    """Sign in through the form, as people do."""
    page.goto("/session/new")
    page.get_by_label("E-mail").fill(f"{role}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/organizations**")
