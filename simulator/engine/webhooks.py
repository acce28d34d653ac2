"""The threads that send webhooks. They hold no lock while they wait for an endpoint's answer."""

from __future__ import annotations

import http.client
import queue
import threading
import time
from urllib.parse import urlsplit

from simulator.engine.deliveries import Deliveries, Delivery
from simulator.engine.events import render_event
from simulator.engine.packed import dump
from simulator.engine.signing import signature
from simulator.engine.state import Simulator

SENDERS = 4
TIMEOUT_SECONDS = 20.0


class Sender:
    """One dispatcher and a few senders; `start` once, `stop` once."""

    def __init__(self, simulator: Simulator, deliveries: Deliveries) -> None:
        self._simulator = simulator
        self._deliveries = deliveries
        self._ready: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads; they are daemons and never keep the process alive."""
        targets = [self._dispatch, *[self._send_all] * SENDERS]
        self._threads = [threading.Thread(target=one, daemon=True) for one in targets]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop planning; a sending under way that does not end soon is left to its daemon."""
        self._stopping.set()
        for _ in range(SENDERS):
            self._ready.put(None)
        for thread in self._threads:
            thread.join(timeout=0.5)

    def _dispatch(self) -> None:
        while not self._stopping.wait(0.02):
            with self._simulator.lock:
                due = self._deliveries.due()
            for delivery in due:
                self._ready.put(delivery)

    def _send_all(self) -> None:
        connections: dict[str, http.client.HTTPConnection] = {}
        while (delivery := self._ready.get()) is not None:
            self._send_one(delivery, connections)
        for connection in connections.values():
            connection.close()

    def _send_one(
        self, delivery: Delivery, connections: dict[str, http.client.HTTPConnection]
    ) -> None:
        with self._simulator.lock:
            event = self._simulator.store.get("event", delivery.event_id)
            endpoint = self._simulator.store.get("webhook_endpoint", delivery.endpoint_id)
            if event is None or endpoint is None:
                return
            payload = dump(render_event(event)).encode()
            url, secret = endpoint["url"], endpoint["secret"]
        accepted = _post(connections, url, payload, secret)
        with self._simulator.lock:
            if accepted:
                self._simulator.events.acknowledge(delivery.event_id, delivery.endpoint_id)
                self._simulator.store.commit()
            else:
                self._deliveries.failed(delivery)


def _post(
    connections: dict[str, http.client.HTTPConnection], url: str, payload: bytes, secret: str
) -> bool:
    """Send one signed payload; True for a 2xx answer."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        # Receivers compare with their own clock, so this is real time, not the simulator's.
        "Stripe-Signature": signature(payload, secret.split(","), int(time.time())),
    }
    origin = f"{parts.scheme}://{parts.netloc}"
    kept = connections.pop(origin, None)
    # The other side may have closed an idle connection; only a fresh one's failure counts.
    for connection in [kept] * (kept is not None) + [None]:
        used = connection or _connect(parts.scheme, parts.netloc)
        status = _exchange(used, path, payload, headers)
        if status is not None:
            connections[origin] = used
            return 200 <= status < 300
    return False


def _exchange(
    connection: http.client.HTTPConnection, path: str, payload: bytes, headers: dict[str, str]
) -> int | None:
    """Return the answer's status, or None (and a closed connection) when there was none."""
    try:
        connection.request("POST", path, payload, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return None
    return answer.status


def _connect(scheme: str, netloc: str) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(netloc, timeout=TIMEOUT_SECONDS)
    return http.client.HTTPConnection(netloc, timeout=TIMEOUT_SECONDS)
