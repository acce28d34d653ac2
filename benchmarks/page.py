"""The billing page of an organization with 30 items: statements, calls to Stripe, server time."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient

from benchmarks.registry import Figure, benchmark
from benchmarks.shop import organization_with_items, signed_in
from benchmarks.timing import interleaved_ms
from dashboard.accounts.permissions import permission
from dashboard.extensions import db
from tests.support.queries import count_queries

RUNS = 100
FLOOR = "/floor"


@benchmark("page_queries", "page_stripe_calls", "page_ms")
def billing_page(app: Flask) -> list[Figure]:
    """Measure the page, beside one with three items and beside a page that says nothing."""
    app.add_url_rule(FLOOR, view_func=say_nothing)
    organization_with_items("small", services=2, meters=1)
    organization_with_items("large", services=20, meters=10)
    client = signed_in(app)
    small, large = (lambda: read(client, "small")), (lambda: read(client, "large"))
    assert b"large" in read(client, "large")
    with count_queries(db.engine) as few:
        small()
    with count_queries(db.engine) as many, counted_gateway(app) as gateway:
        large()
    milliseconds, floor = interleaved_ms(large, lambda: client.get(FLOOR), runs=RUNS)
    return [
        # As many as with three items: the number does not grow with the invoice.
        Figure("page_queries", many.count, "SQL statements", 1, bound=few.count),
        Figure("page_stripe_calls", gateway.calls, "calls to Stripe", 1, bound=0),
        Figure("page_ms", milliseconds, "ms, median", RUNS, floor=floor),
    ]


def read(client: FlaskClient, slug: str) -> bytes:
    """Return the billing page of an organization."""
    answer = client.get(f"/organizations/{slug}")
    assert answer.status_code == 200, answer.status
    return answer.data


@permission("session.use")
def say_nothing() -> str:
    """Answer a signed-in reader with two letters: what any page costs at the least."""
    return "ok"


class CountingGateway:
    """Counts whatever is asked of the gateway; nothing should be."""

    calls = 0

    def __getattr__(self, name: str) -> object:
        self.calls += 1
        raise AttributeError(name)


@contextmanager
def counted_gateway(app: Flask) -> Iterator[CountingGateway]:
    """Put a counter where the application looks for Stripe."""
    real, counting = app.extensions["gateway"], CountingGateway()
    app.extensions["gateway"] = counting
    try:
        yield counting
    finally:
        app.extensions["gateway"] = real
