"""Load from outside: sub-systems that report usage, and pages that are open and ask what is new.

Each latency counts from when the request was due, not from when a thread had time for it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from benchmarks.fleet.wire import Wire
from dashboard.clock import utc_now

BATCH = 500
SENDERS = 4
READERS = 12
# How often an open page asks; the product's own, jitter included.
POLL_SECONDS = (12.0, 18.0)
# What refused a batch for the moment, or gave no answer, is asked again with the same keys.
AGAIN_AFTER_SECONDS = 0.2
MOST_TRIES = 150
ACCEPTED = (200, 201, 202)


@dataclass
class Reporters:
    """Sub-systems: `units` is what was acknowledged, `seconds` how long each batch took."""

    url: str
    secret: str
    slugs: Sequence[str]
    meter: str
    units: int = 0
    records: int = 0
    repeated: int = 0
    seconds: list[float] = field(default_factory=list)
    keys: Iterator[int] = field(default_factory=count)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, seconds: float, *, per_second: float | None = None) -> float:
        """Report for so long, at a rate of records or as fast as it goes; return records/s."""
        self.seconds.clear()
        before, begun = self.records, time.monotonic()
        with ThreadPoolExecutor(SENDERS) as pool:
            every = None if per_second is None else BATCH * SENDERS / per_second
            for one in [pool.submit(self.send_all, n, seconds, every) for n in range(SENDERS)]:
                one.result()
        return (self.records - before) / (time.monotonic() - begun)

    def send_all(self, number: int, seconds: float, every: float | None) -> None:
        """Send batch after batch, or one `every` so many seconds."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        wire, rng = Wire(self.url, headers), random.Random(number)  # noqa: S311  not secret
        due = begun = time.monotonic() + (every or 0) * number / SENDERS
        while due < begun + seconds:
            time.sleep(max(0, due - time.monotonic()))
            due = time.monotonic() if every is None else due
            self.send(wire, rng)
            with self.lock:
                self.seconds.append(time.monotonic() - due)
            due = time.monotonic() if every is None else due + every

    def send(self, wire: Wire, rng: random.Random) -> None:
        """Send one batch until it is acknowledged."""
        now = utc_now().isoformat()
        units = [rng.randint(1, 9) for _ in range(BATCH)]
        # By hand: making JSON of it would take as long as the product does to count it.
        records = ",".join(
            f'{{"organization":"{rng.choice(self.slugs)}","meter":"{self.meter}",'
            f'"key":"mixed-{next(self.keys)}","quantity":"{each}","recorded_at":"{now}"}}'
            for each in units
        )
        body = f'{{"records":[{records}]}}'.encode()
        for _ in range(MOST_TRIES):
            status, _, said = wire.ask("POST", "/api/v1/usage", body)
            if status in ACCEPTED:
                break
            self.repeated += 1
            time.sleep(AGAIN_AFTER_SECONDS)
        else:
            raise AssertionError(f"A batch is refused for good: {status} {said[:300]!r}")
        with self.lock:
            self.units += sum(units)
            self.records += BATCH


@dataclass
class Pages:
    """Open billing pages; `seconds` is how long each question took, `news` how many had any."""

    url: str
    cookie: str
    slugs: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    news: int = 0
    failed: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keep the pages open while the block runs."""
        with ThreadPoolExecutor(READERS) as pool:
            shares = [self.slugs[number::READERS] for number in range(READERS)]
            running = [pool.submit(self.read, share) for share in shares if share]
            try:
                yield
            finally:
                self.ended.set()
                for one in running:
                    one.result()

    def read(self, slugs: Sequence[str]) -> None:
        """Open these pages, then ask for each again and again."""
        wire = Wire(self.url, {"Cookie": self.cookie, "HX-Request": "true"})
        rng = random.Random(slugs[0])  # noqa: S311  not secret
        tags = dict.fromkeys(slugs, "")
        begun = time.monotonic()
        due = {slug: begun + rng.uniform(0, POLL_SECONDS[0]) for slug in slugs}
        while True:
            slug = min(due, key=lambda one: due[one])
            if self.ended.wait(max(0, due[slug] - time.monotonic())):
                return
            path = f"/organizations/{slug}/current-invoice"
            status, headers, _ = wire.ask("GET", path, **{"HX-PTag": tags[slug]})
            self.seconds.append(time.monotonic() - due[slug])
            self.news += status == 200
            self.failed += status not in (200, 204, 304)
            tags[slug] = headers.get("HX-PTag", tags[slug])
            due[slug] = time.monotonic() + rng.uniform(*POLL_SECONDS)
