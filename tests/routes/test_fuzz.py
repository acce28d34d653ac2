"""Whatever is sent to whatever address: never a failure of ours, never much memory, work or answer.

By whoever may get furthest: an admin's browser with its token, and a caller with every scope.
"""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from time import process_time
from typing import Any

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dashboard.accounts.permissions import SCOPES
from dashboard.accounts.tokens import create_token
from dashboard.audit.actor import SYSTEM
from dashboard.bounds import BATCH, EXCERPT, bound_of
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import csrf_token
from tests.people import Browser, People, signed_in
from tests.support.access import address, rules
from tests.support.queries import count_queries

MOST_MEMORY = 48 * 2**20
# The longest is that of the figures, with a line for each address and bound that was asked so far.
MOST_ANSWER = 400 * 2**10
MOST_STATEMENTS = 60
MOST_SECONDS = 4.0  # while every allocation is traced, which takes several times as long
# Longer than any excerpt, and nowhere in the product.
MARK = "Zq" * 500
Ask = Callable[..., TestResponse]


@dataclass
class Cost:
    """What a block took."""

    memory: int = 0
    seconds: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure the most memory that the block held at a time, and its processor time."""
    cost, began = Cost(), process_time()
    tracemalloc.start()
    try:
        yield cost
        _, cost.memory = tracemalloc.get_traced_memory()
        cost.seconds = process_time() - began
    finally:
        tracemalloc.stop()


@pytest.fixture
def ask(app: Flask, db: SQLAlchemy, people: People, acme: Organization) -> Ask:
    """Send a request as far in as anybody gets, and see what it cost."""
    browser = signed_in(app, people.admin)
    with transaction():
        _, secret = create_token("fuzz", SCOPES, actor=SYSTEM, now=utc_now())
    api = Browser(app, app.response_class)
    # A process reads the fonts once, which takes seconds while every allocation is traced.
    browser.get(f"/organizations/{acme.slug}/invoices/1.pdf")

    def send(where: str, method: str, **sent: Any) -> TestResponse:
        is_api = where.startswith("/api/")
        client = api if is_api else browser
        headers = {"Authorization": f"Bearer {secret}"} if is_api else {}
        if not is_api:
            headers["X-CSRFToken"] = csrf_token(browser)
        headers |= sent.pop("headers", {})
        with measured() as cost, count_queries(db.engine) as queries:
            answer = client.open(where, method=method, headers=headers, **sent)
            size = len(answer.data)
        told = f"{method} {where[:100]}: {answer.status_code}"
        # 503: what stands for Stripe in these tests answers nobody.
        assert answer.status_code < 500 or answer.status_code == 503, told
        assert cost.memory < MOST_MEMORY, f"{told}, {cost.memory} bytes of memory"
        assert cost.seconds < MOST_SECONDS, f"{told}, {cost.seconds} seconds"
        assert queries.count <= MOST_STATEMENTS, f"{told}, {queries.count} statements"
        assert size < MOST_ANSWER, f"{told}, {size} bytes of answer"
        if is_api and answer.status_code >= 400:
            assert answer.json is not None, told
            assert answer.json["detail"], told
            assert MARK[: 2 * EXCERPT] not in answer.text, told
        return answer

    return send


def methods(rule: Rule) -> list[str]:
    """Return the methods of a rule that somebody may ask for."""
    return sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"})


def everywhere(app: Flask, acme: Organization) -> Iterator[tuple[str, str]]:
    """Yield every address with each of its methods."""
    for rule, _ in rules(app):
        for method in methods(rule):
            yield address(app, rule, acme), method


def many_keys(count: int) -> bytes:
    """Return a JSON object of so many keys that nobody knows."""
    return json.dumps({f"{MARK[:8]}{number}": 1 for number in range(count)}).encode()


LARGE = {
    "a record of unknown keys": b'{"records": [' + many_keys(300_000) + b"]}",
    "a service of unknown keys": b'{"services": [' + many_keys(30_000) + b"]}",
    "unknown keys": many_keys(3_000),
    "a few unknown keys": many_keys(60),
    "a long key": json.dumps({MARK: 1}).encode(),
    "a long value": json.dumps(
        dict.fromkeys(("name", "slug", "plan_hash", "cents"), MARK)
    ).encode(),
    "empty records": b'{"records": [' + b"{}," * 9_000 + b"{}]}",
    "wrong records": b'{"records": [' + b'{"a":1,"b":1,"c":1},' * 9_000 + b"{}]}",
    "empty lists": b'{"records": [' + b"[]," * 1_000_000 + b"[]]}",
    "deep lists": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "an open string": b'{"records": "' + b'\\"' * 1_000_000,
    "a long number": b'{"amount_cents": ' + b"9" * 60_000 + b"}",
    "half a pair": b'{"name": "\\ud800", "key": "\\udfff"}',
    "no UTF-8": b'{"name": "\xff\xfe"}',
}


@pytest.mark.parametrize("named", LARGE)
def test_no_json_body_costs_much_anywhere(
    app: Flask, ask: Ask, acme: Organization, named: str
) -> None:
    body = LARGE[named]
    for where, method in everywhere(app, acme):
        # Pages read no JSON, however little: see the next test.
        if method == "GET" or not where.startswith(("/api/", "/webhooks/")):
            continue
        answer = ask(where, method, data=body, content_type="application/json")
        assert answer.status_code >= 400 or not where.startswith("/api/"), where
        if len(body) > bound_of(where).bytes:
            assert answer.status_code in (400, 413, 415), where


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"name": "a"}},
        {"json": ["a"]},
        {"data": {"name": (BytesIO(b"a file"), "name.txt")}},
        {"data": {"email": "a"}, "content_type": "multipart/form-data"},
        {"data": b"name=a", "content_type": "text/plain"},
        {"data": b"\xff\xfe\x00", "content_type": "application/octet-stream"},
    ],
    ids=("json", "list", "file", "multipart", "text", "bytes"),
)
def test_pages_read_nothing_but_forms(
    app: Flask, ask: Ask, acme: Organization, sent: dict[str, Any]
) -> None:
    for where, method in everywhere(app, acme):
        if method != "POST" or where.startswith(("/api/", "/webhooks/")):
            continue
        if "data" in sent and isinstance(sent["data"], dict) and "name" in sent["data"]:
            sent = {"data": {"name": (BytesIO(b"a file"), "name.txt")}}
        answer = ask(where, method, **sent)
        assert answer.status_code == 415, where
        assert "This is not a form" in answer.text


@pytest.mark.parametrize("fields", [b"a&" * 30_000, b"a=1&" * 1_000, b"name=" + b"a" * 60_000])
def test_no_form_costs_much_anywhere(
    app: Flask, ask: Ask, acme: Organization, fields: bytes
) -> None:
    for where, method in everywhere(app, acme):
        if method == "POST":
            ask(where, method, data=fields, content_type="application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    "query", ["a&" * 60, "q=" + "a" * 9_000, "search=" + MARK, "a%00=%00", "page=" + "9" * 4_000]
)
def test_no_query_costs_much_anywhere(app: Flask, ask: Ask, acme: Organization, query: str) -> None:
    for where, method in everywhere(app, acme):
        if method == "GET" and where != "/metrics":
            ask(f"{where}?{query}", method)


def test_an_address_of_any_length_is_refused_in_a_few_words(ask: Ask) -> None:
    for where in ("/" + "a" * 9_000, "/organizations/" + "a" * 60_000, "/api/v1/" + MARK * 9):
        answer = ask(where, "GET")
        assert answer.status_code == 414
        assert MARK not in answer.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)
NAMES = st.sampled_from(
    ["name", "slug", "email", "reason", "records", "services", "quantity", "at", "key", "amount",
     "amount_cents", "cents", "decision", "scopes", "role", "page", "q", "search", "state",
     "before", "invoice_id", "secret", "password", "again", "next", "back", "theme", "tags",
     "preview", "verify"]
)  # fmt: skip
FORMS = st.dictionaries(NAMES, st.text(max_size=60) | st.lists(st.text(max_size=20), max_size=4))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_that_is_sent_breaks_anything(
    app: Flask, ask: Ask, acme: Organization, data: st.DataObject
) -> None:
    ways = [(rule, method) for rule, _ in rules(app) for method in methods(rule)]
    rule, method = data.draw(st.sampled_from(ways))
    where = address(app, rule, acme)
    query = data.draw(st.dictionaries(NAMES, st.text(max_size=40), max_size=3))
    if method == "GET":
        ask(where, method, query_string=query)
    elif where.startswith("/api/"):
        body = data.draw(st.dictionaries(NAMES, VALUES, max_size=6))
        ask(where, method, data=json.dumps(body), content_type="application/json")
    else:
        ask(where, method, data=data.draw(FORMS), query_string=query)


def test_the_largest_batch_that_is_taken_is_a_large_one() -> None:
    record = (
        '{"organization":"a","meter":"m","key":"k","quantity":"1","recorded_at":"","service":"s"}'
    )
    assert BATCH.values > 10_000 * (record.count(",") + 2)
    assert BATCH.bytes > 10_000 * 600
