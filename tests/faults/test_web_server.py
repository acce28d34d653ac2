"""The web server itself: slow senders, a stop while requests run, a process that dies."""

import http.client
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import psutil
import pytest

from dashboard.processes import SEATS
from demo.up.probes import answers
from tests.support.services import Worker
from tests.support.stack import Stack, new_stack, start_web

pytestmark = pytest.mark.fault
SLOW_SENDERS = 100


@pytest.fixture
def web(services: Worker, db, redis, tmp_path) -> Iterator[Stack]:
    """The web alone, as a process that the test may stop or kill."""
    stack = new_stack(services, tmp_path)
    try:
        start_web(stack)
        yield stack
    finally:
        stack.stop()


def get(web: Stack, path: str, **headers: str) -> http.client.HTTPResponse:
    """Ask on a connection of its own; the answer is read."""
    with closing(asked(web, path, **headers)) as connection:
        answer = connection.getresponse()
        answer.read()
        return answer


def asked(web: Stack, path: str, **headers: str) -> http.client.HTTPConnection:
    """Return a connection on which the question was sent."""
    connection = http.client.HTTPConnection(urlsplit(web.url).netloc, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection


@contextmanager
def slow_senders(web: Stack, beginning: bytes) -> Iterator[list[socket.socket]]:
    """Lend connections on which a request has begun and does not go on."""
    where = urlsplit(web.url)
    with ExitStack() as opened:
        senders = []
        for _ in range(SLOW_SENDERS):
            sender = socket.create_connection((where.hostname, where.port), timeout=10)
            senders.append(opened.enter_context(sender))
            sender.sendall(beginning)
        yield senders


BODY = b"POST /webhooks/stripe HTTP/1.1\r\nHost: web\r\nContent-Length: 1000\r\n\r\n{"
HEAD = b"GET /healthz HTTP/1.1\r\nHost: web\r\nX-Slow: "


@pytest.mark.parametrize("beginning", [HEAD, BODY], ids=["headers", "body"])
def test_a_hundred_slow_senders_keep_nobody_waiting(web: Stack, beginning: bytes) -> None:
    with slow_senders(web, beginning) as senders:
        for _ in range(3):
            for sender in senders:
                sender.sendall(b"a")
            assert get(web, "/healthz").status == 200


def test_a_slow_sender_is_answered_once_it_has_sent_all(web: Stack) -> None:
    with slow_senders(web, BODY) as (first, *_):
        first.sendall(b"}" * 999)
        # It is no event of Stripe's, and is told so: the whole of it has arrived.
        assert first.recv(12) == b"HTTP/1.1 400"


def test_what_has_begun_is_finished_before_the_server_stops(web: Stack, services: Worker) -> None:
    with ExitStack() as opened:
        waiting = [opened.enter_context(closing(asked(web, "/readyz"))) for _ in range(SEATS * 2)]
        select.select([one.sock for one in waiting], [], [], 10)
        stopping = web.processes["web"]
        stopping.send_signal(signal.SIGTERM)
        assert {one.getresponse().status for one in waiting} == {200}
    assert stopping.wait(10) == 0


def test_a_process_that_is_killed_is_replaced(web: Stack) -> None:
    [serving] = psutil.Process(web.processes["web"].pid).children()
    os.kill(serving.pid, signal.SIGKILL)
    serving.wait(10)
    ready, deadline = answers(f"{web.url}/readyz"), time.monotonic() + 20
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert get(web, "/healthz").status == 200


def test_no_process_outlives_the_server(web: Stack) -> None:
    # It would share the port with those of the server that is started next, of an older release.
    [serving] = psutil.Process(web.processes["web"].pid).children()
    web.processes["web"].kill()
    serving.wait(10)
    assert not serving.is_running()


def test_headers_beyond_all_measure_are_refused_and_long_ones_taken(web: Stack) -> None:
    assert get(web, "/healthz", **{"X-Long": "a" * 16_000}).status == 200
    assert get(web, "/healthz", **{"X-Long": "a" * 200_000}).status == 431
