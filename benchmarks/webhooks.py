"""Webhooks: taken in as fast as a bare route takes them, and applied soon after.

The web is started as `make run` starts it, and the floor by the same server. Deliveries are laid
out as Stripe's are, of 17 kB, from sixteen senders at a time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from statistics import median

from flask import Flask
from sqlalchemy import func, select, text

from benchmarks.fleet.bills import life, lives_of, sealed_bills
from benchmarks.fleet.processes import plant, wait_until
from benchmarks.fleet.senders import delivery, send
from benchmarks.fleet.size import dice, organizations
from benchmarks.floors import webhook
from benchmarks.registry import Figure, benchmark
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.reading import read_delivery
from dashboard.transaction import transaction
from dashboard.webhooks.intake import store_delivered
from dashboard.webhooks.models import WebhookEvent
from jobs.inbox import drain_batch
from tests.support.queries import count_queries

ROUNDS, EACH = 3, 1500
BILLS = 3000
LEAST_APPLIED, MOST_LAG_SECONDS, MOST_STATEMENTS = 500, 2, 2
# What `make run` sets where PostgreSQL is its own.
AS_MAKE_RUN = {"DATABASE_PREPARED_STATEMENTS": "true", "LOG_LEVEL": "INFO"}
FLOOR = "benchmarks.floors.webhook"


@benchmark("webhook_intake")
def intake(app: Flask) -> list[Figure]:
    """Deliver events of unknown invoices, in turns to the product and to a bare route."""
    with transaction():
        db.session.execute(text(webhook.TABLE))
    with plant(app, **AS_MAKE_RUN) as running:
        ours = running.web()
        floor = running.start_floor(FLOOR)
        numbers = count(1_000_000)
        rates: dict[str, list[float]] = {ours: [], floor: []}
        for url in (ours, floor):
            send(url, unknown(200, numbers, url))
        for _ in range(ROUNDS):
            for url, seen in rates.items():
                begun, ended = send(url, unknown(EACH, numbers, url))
                seen.append(EACH / (ended - begun))
    assert stored("received") == ROUNDS * EACH + 200
    value, least = (median(rates[url]) for url in (ours, floor))
    return [Figure("webhook_intake", value, "events/s", ROUNDS, floor=least)]


def unknown(size: int, numbers: count[int], url: str) -> list[bytes]:
    """Return deliveries of so many events of invoices that nobody here knows."""
    return [delivery(life(next(numbers))[-1], url) for _ in range(size)]


@benchmark("webhook_applied", "webhook_lag_s", "webhook_disorder", "webhook_statements")
def applied(app: Flask) -> list[Figure]:
    """Deliver the finalization and payment of known bills, from the first to the last applied."""
    size = organizations(BILLS)
    statements = statements_each(100)
    bills = sealed_bills(size)
    with plant(app, **AS_MAKE_RUN) as running:
        url = running.web()
        # No clock: it would finalize these bills, of which the simulator knows nothing.
        running.start_workers(account=100, endpoint=25, in_flight=40)
        warm_up(url)
        before = stored("processed")
        requests = [delivery(one, url) for one in lives_of(bills, dice())]
        begun, answered = send(url, requests)
        wait_until(lambda: stored("processed") >= before + len(requests), seconds=300, every=0.2)
    with transaction():
        last = db.session.scalars(select(func.max(WebhookEvent.handled_at))).one().timestamp()
    rate, events = len(requests) / (last - begun), len(requests)
    return [
        Figure("webhook_applied", rate, "events/s", events, at_least=LEAST_APPLIED),
        Figure("webhook_lag_s", max(last - answered, 0), "s", events, bound=MOST_LAG_SECONDS),
        Figure("webhook_disorder", ends(bills), "end states", events, bound=1),
        Figure("webhook_statements", statements, "an event", 300, bound=MOST_STATEMENTS),
    ]


def statements_each(size: int) -> float:
    """Return the statements for each event of so many bills, from its delivery until applied."""
    told = lives_of(sealed_bills(size), dice())
    with count_queries(db.engine) as queries:
        for one in told:
            store_delivered([read_delivery(json.dumps(one).encode(), live=False)], now=utc_now())
        while drain_batch().taken:
            pass
    assert stored("processed") == len(told)
    return queries.count / len(told)


def warm_up(url: str) -> None:
    """Let web and workers do it once."""
    send(url, [delivery(one, url) for one in lives_of(sealed_bills(20), dice())])
    wait_until(lambda: stored("received") + stored("processing") == 0, seconds=60)


def stored(state: str) -> int:
    """Return how many events are in that state."""
    with transaction():
        return db.session.scalars(select(func.count()).where(WebhookEvent.state == state)).one()


def ends(bills: Sequence[int]) -> int:
    """Return in how many ways the bills ended, which were told the same in another order each.

    Raises AssertionError unless the first of them is paid as told, by the payment that was told.
    """
    told = (Invoice.status, Invoice.amount_paid_cents - Invoice.total_cents)
    told += (Invoice.amount_remaining_cents, Invoice.parked_code, Invoice.attempt_count)
    paid = select(func.count()).where(
        InvoicePayment.invoice_id == Invoice.id, InvoicePayment.is_paid
    )
    query = select(*told, paid.scalar_subquery()).where(Invoice.id.in_(bills)).distinct()
    with transaction():
        found = db.session.execute(query).all()
    assert ("paid", 0, 0, None, 1, 1) in found, found
    return len(found)
