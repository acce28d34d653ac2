"""People with browsers that have no scripts: they follow links, fill in forms, and keep cookies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag

from deploy.check.installation import browser

PASSWORD = "a password of the check, and of nobody"  # noqa: S105  it guards nothing
LINK = re.compile(r"https://\S+")
TOKEN = re.compile(r"bd_[A-Za-z0-9_-]+")


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, address: str, authority: str) -> None:
        self.address = address
        self.browser = browser(authority)

    def open(self, path: str) -> requests.Response:
        """Open a page. Raises for one that is refused."""
        answer = self.browser.get(urljoin(self.address, path), timeout=20)
        answer.raise_for_status()
        return answer

    def fill_in(
        self, page: requests.Response, action: str, **typed: str | list[str]
    ) -> requests.Response:
        """Send the form of `page` that goes to `action`, with what else it holds already."""
        form = BeautifulSoup(page.text, "html.parser").find("form", action=re.compile(action))
        assert isinstance(form, Tag), f"no form to {action} on {page.url}"
        held = dict(filled(form))
        answer = self.browser.post(
            urljoin(page.url, str(form["action"])),
            data=held | typed,
            headers={"Referer": page.url},
            timeout=20,
        )
        assert answer.ok, f"{answer.status_code} at {answer.url}: {answer.text[:2000]}"
        return answer

    def accept(self, link: str, name: str) -> None:
        """Come in by an invitation."""
        page = self.open(link)
        self.fill_in(page, "invitation", name=name, password=PASSWORD, again=PASSWORD)
        self.open("/")

    def sign_in(self, email: str) -> None:
        """Sign in with a password."""
        page = self.open("/session/new")
        self.fill_in(page, "session", email=email, password=PASSWORD)
        self.open("/")

    def invite(self, email: str, role: str, organization: str = "") -> str:
        """Invite somebody and return the link for them."""
        page = self.open("/invitations/new")
        made = self.fill_in(page, "invitations", email=email, role=role, organization=organization)
        return link_in(BeautifulSoup(made.text, "html.parser").get_text(" "))

    def make_token(self, scopes: list[str]) -> str:
        """Make an API token and return its secret."""
        page = self.open("/api-tokens/new")
        made = self.fill_in(page, "api-tokens", name="The check", scopes=scopes, slug="")
        found = TOKEN.search(BeautifulSoup(made.text, "html.parser").get_text(" ") + made.text)
        assert found, made.text[:2000]
        return found[0]


def filled(form: Tag) -> Iterator[tuple[str, str]]:
    """Yield what a form holds before anybody types, as a browser would send it."""
    for one in form.find_all(["input", "select", "textarea"], attrs={"name": True}):
        if one.name == "select":
            chosen = one.find("option", selected=True) or one.find("option")
            yield str(one["name"]), str(chosen["value"])
        elif one.get("type") not in ("radio", "checkbox", "submit") or one.has_attr("checked"):
            yield str(one["name"]), str(one.get("value", ""))


def link_in(text: str) -> str:
    """Return the link of an invitation in what was said."""
    return next(one for one in LINK.findall(text) if "secret=" in one)
