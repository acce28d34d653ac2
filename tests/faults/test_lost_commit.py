"""A database that is lost around a COMMIT: nobody says what became of it, and repeating is safe."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import func, select

from dashboard.accounts.permissions import SCOPES
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.billing.models import Adjustment
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.people import PASSWORD, make_people
from tests.support.cut import Wire, wire_to
from tests.support.services import Worker
from tests.support.stack import Stack, new_stack, start_web

pytestmark = pytest.mark.fault
CHARGE = {"amount_cents": 500, "description": "Setup", "reason": "Agreed"}


@pytest.fixture(scope="module")
def wire(services: Worker, tmp_path_factory) -> Iterator[tuple[Wire, str]]:
    """A wire to the database that can be cut."""
    with wire_to(services.database_url, tmp_path_factory.mktemp("wire")) as lent:
        yield lent


@pytest.fixture(scope="module")
def web(wire, services: Worker, tmp_path_factory) -> Iterator[Stack]:
    """The web as a process of its own, at the end of the wire."""
    stack = new_stack(Worker(wire[1], services.redis_url), tmp_path_factory.mktemp("web"))
    try:
        start_web(stack)
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def secret(db, redis) -> str:
    """The token of a caller who may do everything, beside an organization."""
    with transaction():
        make_organization(now=utc_now(), anchor=utc_now())
        return create_token("sub-system", SCOPES, actor=SYSTEM, now=utc_now())[1]


def send(web: Stack, method: str, path: str, body: str, headers: dict[str, str]):
    """Send a request; return status, headers and body of the answer."""
    connection = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def charge(web: Stack, secret: str):
    """Ask for the one charge of these tests."""
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "setup"}
    path = "/api/v1/organizations/acme/adjustments"
    return send(
        web, "POST", path, json.dumps(CHARGE), headers | {"Content-Type": "application/json"}
    )


def charges(db) -> int:
    """Return how many charges there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Adjustment))


@pytest.mark.parametrize(("moment", "made"), [("before", 0), ("after", 1)])
def test_a_caller_is_told_that_the_outcome_is_unknown_and_repeats(
    web, wire, secret, db, moment, made
):
    wire[0].cut = moment
    status, headers, body = charge(web, secret)
    problem = json.loads(body)
    assert (status, problem["code"], headers["Retry-After"]) == (503, "outcome_unknown", "5")
    assert "may or may not have been" in problem["detail"]
    assert "Nothing was" not in problem["detail"]
    assert headers["X-Request-ID"] == problem["request_id"]
    assert charges(db) == made
    assert charge(web, secret)[0] == 201
    assert charges(db) == 1


def test_a_person_is_told_to_look_before_doing_it_again(web, wire, secret, db):
    make_people(make_organization("beta"), make_organization("gamma"))
    _, headers, page = send(web, "GET", "/session/new", "", {})
    cookie = headers["Set-Cookie"].split(";")[0]
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    form = urlencode({"email": "support@example.com", "password": PASSWORD, "csrf_token": token})
    wire[0].cut = "after"
    kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    status, headers, page = send(web, "POST", "/session", form, kind)
    assert (status, int(headers["Retry-After"]) >= 5) == (503, True)
    assert "Check before you do it again" in page
    assert "not made" not in page
    assert "Content-Security-Policy" in headers


def test_a_reader_is_told_that_the_database_does_not_answer(web, wire, secret):
    wire[0].cut = "after"
    status, _, body = send(
        web, "GET", "/api/v1/organizations/acme", "", {"Authorization": f"Bearer {secret}"}
    )
    assert (status, json.loads(body)["code"]) == (503, "busy")
