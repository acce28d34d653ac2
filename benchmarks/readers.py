"""Readers over real HTTP: many kept connections, each asking again as soon as it is answered.

One thread serves them all, so that what is measured is the web and not the readers.
"""

from __future__ import annotations

import selectors
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

END = b"\r\n\r\n"


@dataclass(frozen=True)
class Read:
    """How many answers of each status came in how many seconds."""

    statuses: Counter[int]
    seconds: float

    @property
    def answers(self) -> int:
        """How many there were."""
        return self.statuses.total()

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def request(path: str, headers: Mapping[str, str]) -> bytes:
    """Return the bytes that ask for a path."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join((*lines, "", "")).encode()


def read(port: int, requests: Sequence[bytes], *, readers: int, seconds: float) -> Read:
    """Let so many readers ask for one of `requests` after the other, for so long."""
    began = perf_counter()
    statuses: Counter[int] = Counter()
    with selectors.DefaultSelector() as selector:
        every = [_Reader(port, requests, number) for number in range(readers)]
        for one in every:
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.ask()
        while perf_counter() < began + seconds:
            for key, _ in selector.select(1):
                status = key.data.hear()
                if status:
                    statuses[status] += 1
                    key.data.ask()
        took = perf_counter() - began
        for one in every:
            one.socket.close()
    return Read(statuses, took)


@dataclass
class _Reader:
    port: int
    requests: Sequence[bytes]
    asked: int
    socket: socket.socket = field(init=False)
    heard: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> None:
        self.asked += 1
        self.socket.sendall(self.requests[self.asked % len(self.requests)])

    def hear(self) -> int:
        """Return the status once the whole answer is there, 0 until then."""
        more = self.socket.recv(1 << 18)
        assert more, "the web closed the connection"
        self.heard += more
        head, found, rest = self.heard.partition(END)
        if not found:
            return 0
        status = int(head[9:12])
        if status != 304 and len(rest) < _length(bytes(head)):
            return 0
        self.heard.clear()
        return status


def _length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
