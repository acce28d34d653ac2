"""The demo's receiver takes what is ours, and nothing else."""

from __future__ import annotations

from threading import Thread

import pytest

from dashboard.clock import utc_now
from dashboard.outgoing.again import resend, send_test
from dashboard.outgoing.endpoints import Wanted, change, secrets_of
from dashboard.outgoing.models import EventEndpoint
from dashboard.transaction import transaction
from demo.receiver import Books
from tests.factories import SUPPORT
from tests.support.outgoing import KEYS, LOOPBACK, deliveries, listens, loopback, send

__all__ = ["loopback"]
pytestmark = pytest.mark.usefixtures("db", "redis", "loopback")


def move(endpoint: EventEndpoint, server: Books) -> None:
    """Point the endpoint at the receiver."""
    url = f"http://127.0.0.1:{server.server_port}/"
    with transaction():
        change(endpoint, Wanted(url, "Books"), allowed=LOOPBACK, now=utc_now(), actor=SUPPORT)


def test_it_prints_an_event_once_and_refuses_what_another_secret_signed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint, secret = listens("https://receiver.example/", now=utc_now())
    assert secrets_of(endpoint, KEYS, now=utc_now()) == [secret]
    for known, states in ((secret, ["delivered"]), ("whsec_c3RyYW5nZXI=", ["delivered", "waits"])):
        with Books(known, port=0) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            move(endpoint, server)
            with transaction():
                if deliveries():
                    resend(deliveries()[0], now=utc_now(), actor=SUPPORT)
                else:
                    send_test(endpoint, now=utc_now(), actor=SUPPORT)
            send(utc_now())
            server.shutdown()
        assert [one.state for one in deliveries()] == states
    said = capsys.readouterr().out.splitlines()
    assert "endpoint.test" in said[0]
    assert said[1] == "refused: No matching signature found"
