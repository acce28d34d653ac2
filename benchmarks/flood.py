"""A flood of webhooks while people read: 5,000 events at once, and the pages of readers meanwhile.

After an outage Stripe delivers what it kept as fast as it is taken. Nothing of it may be refused,
it must be worked off soon, and who opens a page meanwhile must not notice much. Readers open pages
at a steady rate, each answer counted from when it was due; the same before the flood is the floor.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy import select

from benchmarks.fleet.bills import KINDS, lives_of, sealed_bills
from benchmarks.fleet.processes import plant, wait_until
from benchmarks.fleet.senders import delivery, send
from benchmarks.fleet.size import dice, organizations
from benchmarks.fleet.wire import Wire, signed_in_cookie
from benchmarks.registry import Figure, benchmark
from benchmarks.shop import EMAIL, PASSWORD
from benchmarks.webhooks import AS_MAKE_RUN, stored, warm_up
from dashboard.accounts.passwords import hash_password
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import UserFactory

EVENTS = 5000
READERS = 8
# Pages that are opened, of all readers together: what some tens of people do at a busy hour.
PAGES_A_SECOND = 8.0
QUIET_SECONDS = 20.0
# As `webhook_applied` must: 500 events a second.
MOST_SECONDS = 10
SHARES = {"p50": 0.5, "p95": 0.95}
PARTS = ("flood_accept_ms", "flood_page_before_ms", "flood_page_ms")
NAMES = [f"{part}_{share}" for part in PARTS for share in SHARES]


@benchmark(*NAMES, "flood_empty_s", "flood_failed")
def flood(app: Flask) -> list[Figure]:
    """Read for a while, then take 5,000 events in while one reads on, until all are applied."""
    bills = sealed_bills(organizations(EVENTS // len(KINDS)))
    with transaction():
        UserFactory(email=EMAIL, role="support", password_hash=hash_password(PASSWORD))
    with plant(app, **AS_MAKE_RUN) as running:
        url = running.web()
        # No clock: it would finalize these bills, of which the simulator knows nothing.
        running.start_workers(account=100, endpoint=25, in_flight=40)
        warm_up(url)
        # Made before: making them is not the product's work.
        requests = [delivery(one, url) for one in lives_of(bills, dice())]
        readers = Readers(url, signed_in_cookie(url), slugs_of(bills))
        with readers.reading():
            time.sleep(QUIET_SECONDS / 4)
            before = readers.since(time.monotonic(), QUIET_SECONDS)
            took: list[float] = []
            done, begun = stored("processed"), time.monotonic()
            send(url, requests, took)
            wait_until(lambda: stored("processed") >= done + len(requests), seconds=300, every=0.2)
            empty = time.monotonic() - begun
            during = readers.since(begun)
    events = len(requests)
    return [
        *spread("flood_accept_ms", [1000 * one for one in took]),
        *spread("flood_page_before_ms", before),
        *spread("flood_page_ms", during, floors=before),
        Figure("flood_empty_s", empty, "s", events, bound=MOST_SECONDS),
        Figure("flood_failed", readers.failed, "pages", len(before) + len(during), bound=0),
    ]


@dataclass
class Readers:
    """People who open one page after the other: bills, lists, the inbox, what needs a person."""

    url: str
    cookie: str
    slugs: Sequence[str]
    # When each page was due, and after how many seconds it was there.
    opened: list[tuple[float, float]] = field(default_factory=list)
    failed: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read while the block runs."""
        with ThreadPoolExecutor(READERS) as pool:
            running = [pool.submit(self.read, number) for number in range(READERS)]
            try:
                yield
            finally:
                self.ended.set()
                for one in running:
                    one.result()

    def read(self, number: int) -> None:
        """Open a page whenever it is time for one; who was kept waiting opens the next at once."""
        wire, rng = Wire(self.url, {"Cookie": self.cookie}), random.Random(number)  # noqa: S311
        every = READERS / PAGES_A_SECOND
        due = time.monotonic() + every * number / READERS
        while not self.ended.wait(max(0.0, due - time.monotonic())):
            status, _, _ = wire.ask("GET", self.page(rng))
            self.opened.append((due, time.monotonic() - due))
            self.failed += status != 200
            due += every

    def page(self, rng: random.Random) -> str:
        """Return where a person goes next."""
        lists = ("/organizations", "/webhook-events", "/needs")
        bill = f"/organizations/{rng.choice(self.slugs)}"
        return rng.choice(lists) if rng.random() < 0.3 else bill

    def since(self, begun: float, seconds: float = 0.0) -> list[float]:
        """Return how many milliseconds the pages took that were due since then, or for so long."""
        time.sleep(seconds)
        return [1000 * took for due, took in list(self.opened) if due >= begun]


def slugs_of(bills: Sequence[int]) -> list[str]:
    """Return whose bills they are."""
    query = select(Organization.slug).join(Invoice, Invoice.organization_id == Organization.id)
    with transaction():
        return list(db.session.scalars(query.where(Invoice.id.in_(bills))))


def spread(
    name: str, values: Sequence[float], floors: Sequence[float] | None = None
) -> Iterator[Figure]:
    """Yield the middle and the late ones of what was measured, beside those of the floor."""
    for called, share in SHARES.items():
        least = None if floors is None else ranked(floors, share)
        yield Figure(f"{name}_{called}", ranked(values, share), "ms", len(values), floor=least)


def ranked(values: Sequence[float], share: float) -> float:
    """Return the value that such a share of them does not exceed."""
    return sorted(values)[int((len(values) - 1) * share)]
