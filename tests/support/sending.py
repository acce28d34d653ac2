"""Events that happen in a test, what refuses them, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from socket import socket

from sqlalchemy import update

from dashboard.extensions import db
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.outgoing.tell import Fact, tell
from dashboard.transaction import transaction
from tests.support.receivers import Behavior, Received, answers
from tests.support.void_cases import LATER


def happen(*keys: str, first: int = 0) -> None:
    """Let something happen for each of these ordering keys, one after the other."""
    facts = [
        Fact(
            kind="invoice.paid",
            subject=str(first + number),
            ordering_key=ordering_key,
            at=LATER,
            data={"ordering_key": ordering_key, "number": first + number},
        )
        for number, ordering_key in enumerate(keys)
    ]
    with transaction():
        for fact in facts:
            tell([fact], now=LATER)


def numbers(requests: Sequence[Received], ordering_key: str | None = None) -> list[int]:
    """Return the numbers of what came, of one ordering key, in order."""
    return [
        one.told["data"]["number"]
        for one in requests
        if ordering_key is None or one.told["data"]["ordering_key"] == ordering_key
    ]


def refusing(*refused: int) -> Behavior:
    """Refuse the events of these numbers, and take the others."""

    def behave(connection: socket, request: Received) -> None:
        is_refused = request.told["data"].get("number") in refused
        answers(500 if is_refused else 200)(connection, request)

    return behave


def later(endpoint: EventEndpoint) -> None:
    """Let what waits, and the endpoint's rest, be over."""
    db.session.execute(
        update(EventDelivery).where(EventDelivery.state == "waits").values(next_attempt_at=LATER)
    )
    endpoint.not_before = endpoint.busy_until = None
    db.session.commit()
