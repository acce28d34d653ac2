"""Endpoints in a test, and a worker that sends to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from dashboard.config import Config
from dashboard.extensions import db
from dashboard.outgoing.endpoints import Wanted, register
from dashboard.outgoing.models import EventDelivery, EventEndpoint, OutgoingEvent
from dashboard.outgoing.queue import endpoints_due
from jobs.outgoing import send_to_endpoint
from tests.factories import SUPPORT
from tests.support.receivers import Receiver

LOOPBACK = [ip_network("127.0.0.0/8")]
KEYS = ["a key for tests, never for anything else"]


@pytest.fixture
def loopback(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events may be sent to this machine."""
    config: Config = app.extensions["config"]
    changed = config.model_copy(update={"events_allowed_networks": "127.0.0.0/8"})
    monkeypatch.setitem(app.extensions, "config", changed)


def listens(
    to: Receiver | str, kinds: Sequence[str] | None = None, *, now: datetime
) -> tuple[EventEndpoint, str]:
    """Register a receiver; return its endpoint and its secret."""
    url = to if isinstance(to, str) else to.url
    wanted = Wanted(url, "A receiver", kinds)
    made = register(wanted, allowed=LOOPBACK, keys=KEYS, now=now, actor=SUPPORT)
    db.session.commit()
    return made


def send(at: datetime) -> None:
    """Let a worker send what is due, to one endpoint after the other."""
    with time_machine.travel(at, tick=True):
        for one in endpoints_due(now=at):
            send_to_endpoint(one)
    db.session.expire_all()


def told() -> list[tuple[str, str]]:
    """Return the events that there are: their kinds and occasions."""
    query = select(OutgoingEvent.kind, OutgoingEvent.occasion).order_by(OutgoingEvent.id)
    return [(kind, occasion) for kind, occasion in db.session.execute(query)]


def kinds() -> list[str]:
    """Return the kinds of the events that there are, in order."""
    return [kind for kind, _ in told()]


def deliveries(endpoint: EventEndpoint | None = None) -> Sequence[EventDelivery]:
    """Return the deliveries that there are, in order."""
    query = select(EventDelivery).order_by(EventDelivery.id)
    if endpoint is not None:
        query = query.where(EventDelivery.endpoint_id == endpoint.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()
