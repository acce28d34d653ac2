"""A caller with a token, as a sub-system is one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from dashboard.accounts.permissions import SCOPES
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.clock import utc_now
from dashboard.served import behind_proxies
from dashboard.transaction import transaction
from tests.factories import MeteredPriceFactory, make_organization, make_service

PATH = "/api/v1/usage"


@dataclass
class Caller:
    """Sends JSON with its token."""

    client: FlaskClient
    secret: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self._headers())

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = self._headers() | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.post(f"/api/v1{path}", json={} if body is None else body, headers=sent)

    def patch(self, path: str, body: Any) -> TestResponse:
        return self.client.patch(f"/api/v1{path}", json=body, headers=self._headers())

    def put(self, path: str, body: Any) -> TestResponse:
        return self.client.put(f"/api/v1{path}", json=body, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture
def caller_with(client: FlaskClient) -> Callable[..., Caller]:
    """Make a caller with the given scopes, for one organization or all."""

    def make(*scopes: str, organization_id: int | None = None) -> Caller:
        with transaction():
            _, secret = create_token(
                "sub-system",
                scopes or SCOPES,
                actor=SYSTEM,
                now=utc_now(),
                organization_id=organization_id,
            )
        return Caller(client, secret)

    return make


@pytest.fixture
def caller(caller_with: Callable[..., Caller]) -> Caller:
    """A caller who may do everything for everybody."""
    return caller_with()


@pytest.fixture
def acme(db):
    """An organization that has had a metered service since yesterday."""
    now = utc_now()
    with transaction():
        organization = make_organization(anchor=now - timedelta(days=5), now=now)
        make_service(organization, MeteredPriceFactory(), now=now, at=now - timedelta(days=1))
    return organization


@pytest.fixture
def served(app):
    """The application as the web server calls it."""
    return Client(behind_proxies(app))


@pytest.fixture
def send(served, caller, acme):
    """Send a record by its key; the books are kept, and the token's use is noted already."""

    def send(key, secret=caller.secret, **told):
        record = {"organization": "acme", "meter": "requests", "key": key, "quantity": "2",
                  "recorded_at": utc_now().isoformat()} | told  # fmt: skip
        headers = {"Authorization": f"Bearer {secret}"}
        return served.post(PATH, json={"records": [record]}, headers=headers)

    assert send("first").status_code == 200
    return send
