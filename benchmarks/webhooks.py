"""Webhooks: taken in as fast as a bare route takes them, and applied soon after.

The web is started as `make run` starts it, and the floor by the same server. Deliveries are laid
out as Stripe's are, of 17 kB, from sixteen senders at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from statistics import median

from flask import Flask
from sqlalchemy import func, select

from benchmarks.fleet.bills import life, lives_of, sealed_bills
from benchmarks.fleet.processes import plant, wait_until
from benchmarks.fleet.senders import delivery, send
from benchmarks.fleet.size import dice, organizations
from benchmarks.registry import Figure, benchmark
from dashboard.billing.correction_models import InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.transaction import transaction
from dashboard.webhooks.models import WebhookEvent

ROUNDS, EACH = 3, 1500
BILLS = 3000
MOST_LAG_SECONDS = 2
FLOOR = "benchmarks.floors.webhook:app"


@benchmark("webhook_intake")
def intake(app: Flask) -> list[Figure]:
    """Deliver events of unknown invoices, in turns to the product and to a bare route."""
    with plant(app) as running:
        ours = running.start_web()
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


@benchmark("webhook_applied", "webhook_lag_s")
def applied(app: Flask) -> list[Figure]:
    """Deliver the finalization and payment of known bills, from the first to the last applied."""
    size = organizations(BILLS)
    bills = sealed_bills(size)
    with plant(app) as running:
        url = running.start_web()
        running.start_workers(account=100, endpoint=25, in_flight=40)
        running.start_scheduler()
        warm_up(url)
        requests = [delivery(one, url) for one in lives_of(bills, dice())]
        begun, answered = send(url, requests)
        print("intake", len(requests) / (answered - begun), flush=True)
        wait_until(lambda: stored("processed") >= len(requests), seconds=900, every=0.2)
    with transaction():
        last = db.session.scalars(select(func.max(WebhookEvent.handled_at))).one()
    check(bills)
    return [
        Figure("webhook_applied", len(requests) / (last.timestamp() - begun), "events/s", 1),
        Figure("webhook_lag_s", max(last.timestamp() - answered, 0), "s", 1, bound=2),
    ]


def warm_up(url: str) -> None:
    """Let web and workers do it once."""
    send(url, [delivery(one, url) for one in lives_of(sealed_bills(20), dice())])
    wait_until(lambda: stored("processed") >= 60, seconds=60)


def stored(state: str) -> int:
    """Return how many events are in that state."""
    with transaction():
        return db.session.scalars(select(func.count()).where(WebhookEvent.state == state)).one()


def check(bills: Sequence[int]) -> None:
    """Raise AssertionError unless every bill is paid as told, by the payment that was told."""
    paid = select(func.count()).where(
        Invoice.id.in_(bills),
        Invoice.status == "paid",
        Invoice.amount_paid_cents == Invoice.total_cents,
        Invoice.amount_remaining_cents == 0,
        Invoice.parked_at.is_(None),
    )
    payments = select(func.count()).where(
        InvoicePayment.invoice_id.in_(bills), InvoicePayment.is_paid
    )
    with transaction():
        assert db.session.scalar(paid) == len(bills)
        assert db.session.scalar(payments) == len(bills)
