"""Receivers of outgoing events: real servers on this machine, well behaved and not."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: str
    at: float

    @property
    def name(self) -> str:
        """By what the event is known."""
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        """The event."""
        told: dict[str, Any] = json.loads(self.body)
        return told

    @property
    def kind(self) -> str:
        """What kind of event it is."""
        return str(self.told["type"])


Behavior = Callable[[socket.socket, Received], None]


@dataclass
class Receiver:
    """A server that answers each request as it `behaves`, which a test may change."""

    port: int
    behaves: Behavior
    requests: list[Received] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    closes: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/events"

    @property
    def kinds(self) -> list[str]:
        """The kinds of what came, in order."""
        return [one.kind for one in self.requests]

    @property
    def names(self) -> list[str]:
        """The names of what came, in order."""
        return [one.name for one in self.requests]


def answers(status: int, body: bytes = b"", *headers: str) -> Behavior:
    """Answer with a status."""
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}", *headers]
    raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def answer(connection: socket.socket, _request: Received) -> None:
        connection.sendall(raw)

    return answer


def says(raw: bytes) -> Behavior:
    """Answer with these bytes, whatever they are, and close."""

    def answer(connection: socket.socket, _request: Received) -> None:
        connection.sendall(raw)

    return answer


def hangs(seconds: float = 60) -> Behavior:
    """Take the request and say nothing."""

    def answer(connection: socket.socket, _request: Received) -> None:
        connection.settimeout(seconds)
        with suppress(OSError):
            connection.recv(1)

    return answer


def drips(raw: bytes, pause: float = 0.05) -> Behavior:
    """Answer byte by byte, without an end."""

    def answer(connection: socket.socket, _request: Received) -> None:
        with suppress(OSError):
            while True:
                for one in raw:
                    connection.sendall(bytes((one,)))
                    time.sleep(pause)

    return answer


def floods(head: bytes) -> Behavior:
    """Answer without an end, as fast as it goes."""

    def answer(connection: socket.socket, _request: Received) -> None:
        connection.sendall(head)
        with suppress(OSError):
            while True:
                connection.sendall(b"x" * 65536)

    return answer


@contextmanager
def receiver(behaves: Behavior | None = None) -> Iterator[Receiver]:
    """A receiver, which takes all that comes unless it behaves otherwise."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Receiver(server.getsockname()[1], behaves or answers(204))
        Thread(target=_serve, args=(server, made), daemon=True).start()
        yield made
        made.closes.set()
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, made: Receiver) -> None:
    while not made.closes.is_set():
        try:
            connection, _ = server.accept()
        except OSError:
            return
        Thread(target=_answer, args=(connection, made), daemon=True).start()


def _answer(connection: socket.socket, made: Receiver) -> None:
    with connection, suppress(OSError):
        request = _read(connection)
        with made.lock:
            made.requests.append(request)
        made.behaves(connection, request)


def _read(connection: socket.socket) -> Received:
    raw = b""
    while b"\r\n\r\n" not in raw:
        some = connection.recv(65536)
        if not some:
            raise OSError("it closed")
        raw += some
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    return Received(first.split()[1], headers, body.decode(), time.monotonic())
