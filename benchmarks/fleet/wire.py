"""Speaking HTTP with the product's web as cheaply as Python can: the machine is the product's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import requests

from benchmarks.shop import EMAIL, PASSWORD

TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Wire:
    """One connection that is kept open, and opened anew where the server closed it."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.headers = dict(headers)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body of the answer; status 0 where none came."""
        try:
            self.connection.request(method, path, body, {**self.headers, **headers})
            answer = self.connection.getresponse()
            return answer.status, answer.headers, answer.read()  # type: ignore[return-value]
        except (OSError, HTTPException):
            self.connection.close()
            return 0, {}, b""


def signed_in_cookie(url: str) -> str:
    """Return the cookies of a reader who signed in through the form."""
    with requests.Session() as browser:
        found = TOKEN.search(browser.get(f"{url}/session/new", timeout=30).text)
        assert found, "the sign-in page has no token"
        form = {"email": EMAIL, "password": PASSWORD, "csrf_token": found[1]}
        answer = browser.post(f"{url}/session", form, timeout=30, allow_redirects=False)
        assert answer.status_code == 303, answer.status_code
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
