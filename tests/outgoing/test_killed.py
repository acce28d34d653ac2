"""A worker that is killed while a receiver has the event in its hands loses and invents nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from socket import socket

import pytest

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.outgoing.tell import Fact, tell
from dashboard.transaction import transaction
from tests.support.environment import child_environment
from tests.support.outgoing import deliveries, listens, loopback, send
from tests.support.receivers import Received, answers, receiver
from tests.support.services import Worker

__all__ = ["loopback"]
pytestmark = [pytest.mark.usefixtures("db", "redis", "loopback"), pytest.mark.fault]
SEND = """
import sys
from dashboard.app import create_app
from jobs.outgoing import send_to_endpoint
with create_app().app_context():
    send_to_endpoint(int(sys.argv[1]))
"""


def test_it_is_sent_again_under_its_name_in_its_order(services: Worker) -> None:
    worker: list[subprocess.Popen[bytes]] = []

    def kills(connection: socket, request: Received) -> None:
        # The receiver has taken it; the worker never hears so.
        os.kill(worker[0].pid, signal.SIGKILL)
        answers(200)(connection, request)

    now = utc_now()
    with receiver(kills) as one:
        endpoint, _ = listens(one, now=now)
        with transaction():
            for number in range(3):
                fact = Fact(
                    kind="invoice.paid",
                    subject=str(number),
                    ordering_key="a",
                    at=now,
                    data={"n": number},
                )
                tell([fact], now=now)
        environment = child_environment(
            services.database_url, services.redis_url, EVENTS_ALLOWED_NETWORKS="127.0.0.0/8"
        )
        command = [sys.executable, "-c", SEND, str(endpoint.id)]
        worker.append(subprocess.Popen(command, env=environment))
        assert worker[0].wait(timeout=60) == -signal.SIGKILL
        assert [request.told["data"]["n"] for request in one.requests] == [0]
        db.session.expire_all()
        assert [one.state for one in deliveries()] == ["waits"] * 3
        one.behaves = answers(200)
        send(utc_now() + timedelta(minutes=2))
    assert [request.told["data"]["n"] for request in one.requests] == [0, 0, 1, 2]
    assert one.names[0] == one.names[1]
    assert [one.state for one in deliveries()] == ["delivered"] * 3
