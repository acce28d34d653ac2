"""A system that hears of outgoing events: it verifies each, and answers as it likes."""

from __future__ import annotations

import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from threading import Lock

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from dashboard.audit.actor import Actor
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.links import signing_keys
from dashboard.outgoing.endpoints import Wanted, endpoint_by_id, register, roll
from dashboard.transaction import transaction
from tests.support.receivers import Behavior, Received, answers, hangs, receiver

OPERATOR = Actor("user", 1, "operator@example.com")
ALLOWED = [ip_network("127.0.0.0/8")]
# Longer than the product waits for an answer.
HANGS_SECONDS = 12
AWAY_SECONDS = 6
USUAL_SHARE = 0.18
OVERLAP = timedelta(hours=1)


@dataclass
class Listener:
    """Keeps what it took, in the order in which it came; calm, it takes everything."""

    rng: random.Random
    kinds: Sequence[str] | None = None
    # Such a share of what comes goes wrong.
    share: float = USUAL_SHARE
    endpoint_id: int = 0
    secrets: list[str] = field(default_factory=list)
    kept: list[Received] = field(default_factory=list)
    # Bodies that no secret of this listener has signed.
    forged: list[Received] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    is_calm: bool = False
    rolled_at: datetime | None = None
    _away_until: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def hear(self, connection: socket.socket, request: Received) -> None:
        """Keep an event or not, and answer or not; an answer that is lost leaves it kept."""
        if not self._is_ours(request):
            self.forged.append(request)
            answers(400)(connection, request)
            return
        with self._lock:
            what, keeps, behaves = self._draw()
            self.done[what] += 1
            if keeps:
                self.kept.append(request)
        behaves(connection, request)

    def roll(self) -> None:
        """Ask for another secret; both sign from then on, and either is good here."""
        # Its connection may be of before the last restart.
        db.engine.dispose()
        with transaction():
            now, endpoint = utc_now(), endpoint_by_id(self.endpoint_id)
            secret = roll(endpoint, overlap=OVERLAP, keys=signing_keys(), now=now, actor=OPERATOR)
        self.secrets = [secret, *self.secrets]
        self.rolled_at = now

    def names(self) -> list[str]:
        """Return what was kept by the names of the events, in order; some are there twice."""
        with self._lock:
            return [one.name for one in self.kept]

    def _draw(self) -> tuple[str, bool, Behavior]:
        if self.is_calm:
            return "taken", True, answers(204)
        if time.monotonic() < self._away_until:
            return "away", False, _closes
        if self.rng.random() > self.share:
            return "taken", True, answers(204)
        every: list[tuple[float, str, bool, Behavior]] = [
            (0.04, "answer lost", True, _closes),
            (0.04, "refused 500", False, answers(500)),
            (0.03, "refused 429", False, answers(429)),
            (0.02, "refused 404", False, answers(404)),
            (0.02, "redirected", False, answers(302, b"", "location: /elsewhere")),
            (0.01, "timed out", False, hangs(HANGS_SECONDS)),
            (0.01, "kept and timed out", True, hangs(HANGS_SECONDS)),
            (0.01, "away", False, _closes),
        ]
        [(_, what, keeps, behaves)] = self.rng.choices(every, [one[0] for one in every])
        if what == "away":
            self._away_until = time.monotonic() + AWAY_SECONDS
        return what, keeps, behaves

    def _is_ours(self, request: Received) -> bool:
        return any(_verifies(secret, request) for secret in self.secrets)


@contextmanager
def listening(
    rng: random.Random, kinds: Sequence[str] | None = None, *, share: float = USUAL_SHARE
) -> Iterator[Listener]:
    """Lend a listener that this installation's ledger tells of `kinds`, or of everything."""
    made = Listener(rng, kinds, share)
    with receiver(made.hear) as server:
        wanted = Wanted(server.url, "Soak", kinds)
        with transaction():
            endpoint, secret = register(
                wanted, allowed=ALLOWED, keys=signing_keys(), now=utc_now(), actor=OPERATOR
            )
            made.secrets.append(secret)
        made.endpoint_id = endpoint.id
        yield made


def _closes(_connection: socket.socket, _request: Received) -> None:
    """Answer nothing: the connection is closed."""


def _verifies(secret: str, request: Received) -> bool:
    verify: Callable[..., object] = Webhook(secret).verify
    try:
        verify(request.body, request.headers)
    except WebhookVerificationError:
        return False
    return True
