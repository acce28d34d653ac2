"""Read and check pages as a browser would: every page that a test asks for goes through here."""

from collections import Counter

import html5lib
from bs4 import BeautifulSoup
from bs4.element import Tag
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

RAW_CSRF = "a-raw-token-for-tests"


def page(response: TestResponse, status: int = 200) -> BeautifulSoup:
    """Return a whole page that is well-formed and usable without a mouse or scripts."""
    soup = fragment(response, status)
    assert response.text.lstrip().startswith("<!doctype html>")
    html5lib.HTMLParser(strict=True).parse(response.text)
    assert _one(soup, "html")["lang"] == "en"
    assert _one(soup, "title").text.strip()
    assert len(soup.find_all("h1")) == 1
    assert _one(soup, "main")
    return soup


def fragment(response: TestResponse, status: int = 200) -> BeautifulSoup:
    """Return a page or part of one after the checks that hold for both."""
    assert response.status_code == status, f"{response.status}\n{text_of(response)[:2000]}"
    soup = BeautifulSoup(response.text, "html5lib")
    ids = Counter(tag["id"] for tag in soup.find_all(id=True))
    assert [name for name, count in ids.items() if count > 1] == [], "an id is there twice"
    for tag in soup.find_all(True):
        inline = [name for name in tag.attrs if name == "style" or name.startswith("on")]
        assert not inline, f"inline {inline} on {tag.name}"
    for form in soup.find_all("form", method="post"):
        assert form.find("input", attrs={"name": "csrf_token"}), f"no token in {form['action']}"
    for control in soup.find_all(("input", "select", "textarea")):
        assert _is_labelled(soup, control), f"no label for {control}"
    for link in soup.find_all(("a", "button")):
        assert link.get_text(strip=True) or link.get("aria-label"), f"no text in {link}"
    return soup


def text_of(source: TestResponse | BeautifulSoup | Tag) -> str:
    """Return what people read of a page, with single spaces and without what nobody sees."""
    soup = BeautifulSoup(source.text, "html5lib") if isinstance(source, TestResponse) else source
    return " ".join(soup.get_text(" ").replace("\N{WORD JOINER}", "").split())


def post(
    client: FlaskClient, address: str, headers: dict[str, str] | None = None, **fields: object
) -> TestResponse:
    """Send a form as its page would: with the session's CSRF token."""
    token = csrf_token(client)
    return client.post(address, data={"csrf_token": token, **fields}, headers=headers)


def csrf_token(client: FlaskClient) -> str:
    """Return the token that this browser's pages carry from now on."""
    with client.session_transaction() as session:
        session["csrf_token"] = RAW_CSRF
    signer = URLSafeTimedSerializer(client.application.secret_key or "", salt="wtf-csrf-token")
    return str(signer.dumps(RAW_CSRF))


def _one(soup: BeautifulSoup, name: str) -> Tag:
    found = soup.find(name)
    assert isinstance(found, Tag), f"no {name}"
    return found


def _is_labelled(soup: BeautifulSoup, control: Tag) -> bool:
    if control.get("type") == "hidden" or control.get("aria-label") or control.find_parent("label"):
        return True
    return soup.find("label", attrs={"for": control.get("id")}) is not None
