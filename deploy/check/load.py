"""Load while something else happens: readers, sub-systems and Stripe, each counting what failed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import requests

from deploy.check.installation import browser
from deploy.check.stripe import SECRET

PAUSE_SECONDS = 0.01
Ask = Callable[[requests.Session], requests.Response]


@dataclass
class Load:
    """What was asked, and what came of it."""

    answers: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    recorded: int = 0
    slowest: float = 0.0

    @property
    def asked(self) -> int:
        """How many requests were sent."""
        return sum(self.answers.values())


@contextmanager
def under_load(address: str, authority: str, token: str, cookies: object) -> Iterator[Load]:
    """Lend the counts of a load that lasts as long as the block."""
    load, over = Load(), Event()

    def read(session: requests.Session) -> requests.Response:
        return session.get(f"{address}/organizations/acme", cookies=cookies, timeout=30)  # type: ignore[arg-type]

    def report(session: requests.Session) -> requests.Response:
        answer = session.post(
            f"{address}/api/v1/usage", json=_records(), timeout=30,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        load.recorded += answer.ok
        return answer

    def deliver(session: requests.Session) -> requests.Response:
        raw, signature = _event()
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        return session.post(f"{address}/webhooks/stripe", data=raw, headers=headers, timeout=30)

    asks = (("page", read), ("usage", report), ("event", deliver), ("usage", report))
    threads = [
        Thread(target=_keep_asking, args=(load, over, authority, name, ask)) for name, ask in asks
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


def _keep_asking(load: Load, over: Event, authority: str, name: str, ask: Ask) -> None:
    with browser(authority) as session:
        while not over.wait(PAUSE_SECONDS):
            began = time.monotonic()
            try:
                answer = ask(session)
            except requests.RequestException as error:
                load.failed.append(f"{name}: {type(error).__name__}: {error}")
            else:
                if answer.status_code != 200:
                    load.failed.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            load.answers[name] += 1
            load.slowest = max(load.slowest, time.monotonic() - began)


def _records() -> dict[str, object]:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    one = {
        "organization": "acme", "meter": "calls", "key": uuid.uuid4().hex, "quantity": "1",
        "recorded_at": now,
    }  # fmt: skip
    return {"records": [one]}


def _event() -> tuple[bytes, str]:
    """Return an event that nothing depends on, and its signature."""
    now = int(time.time())
    event = {
        "id": f"evt_{uuid.uuid4().hex}", "object": "event", "api_version": "2026-10-28.endive",
        "created": now, "livemode": False, "pending_webhooks": 1, "request": None,
        "type": "product.updated", "data": {"object": {"id": "prod_1", "object": "product"}},
    }  # fmt: skip
    raw = json.dumps(event).encode()
    signed = hmac.new(SECRET.encode(), f"{now}.".encode() + raw, hashlib.sha256).hexdigest()
    return raw, f"t={now},v1={signed}"
