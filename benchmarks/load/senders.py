"""Senders: threads that post bodies made before, each over one connection, one after the other."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import quantiles
from time import perf_counter

from benchmarks.load.web import Web

PATH = "/api/v1/usage"
# The next body of a sender, by its number.
Bodies = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True)
class Sent:
    """How many requests were answered in how many seconds, and how long each took."""

    requests: int
    seconds: float
    milliseconds: Sequence[float]

    @property
    def per_second(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds

    @property
    def p95(self) -> float:
        """What nineteen of twenty requests took at most, in milliseconds."""
        return quantiles(self.milliseconds, n=20)[-1]


def send(web: Web, bodies: Bodies, *, senders: int, seconds: float, secret: str = "") -> Sent:
    """Let so many senders post for so long; every answer must be 200."""
    began = perf_counter()
    end = began + seconds

    def run(number: int) -> list[float]:
        took: list[float] = []
        with Connection(web, secret) as connection:
            for body in bodies(number):
                started = perf_counter()
                if started > end:
                    break
                connection.post(body)
                took.append((perf_counter() - started) * 1000)
        return took

    with ThreadPoolExecutor(senders) as pool:
        took = [one for some in pool.map(run, range(senders)) for one in some]
    return Sent(len(took), perf_counter() - began, took)


class Connection:
    """One kept connection, with no more work of its own than must be: the web is measured."""

    def __init__(self, web: Web, secret: str) -> None:
        self.socket = socket.create_connection((web.host, web.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {web.host}\r\nAuthorization: Bearer {secret}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def post(self, body: bytes) -> bytes:
        """Send a body; return the answer's. Raises AssertionError for any status but 200."""
        self.socket.sendall(b"%s%d\r\n\r\n%s" % (self.head, len(body), body))
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = self.socket.recv(65536)
            assert more, "the web closed the connection"
            answer += more
        head, _, rest = answer.partition(b"\r\n\r\n")
        assert b" 200 " in head[:20], answer[:2000]
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(rest) < length:
            rest += self.socket.recv(65536)
        return rest
