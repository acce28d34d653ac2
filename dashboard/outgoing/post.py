"""Hand an event to a receiver: one request, bounded in time and size, and no redirect followed.

The status is the answer. Of a body only the beginning is read, and only of a refusal, for people.
A library would follow redirects and proxies, resolve the name again and wait for each byte anew,
so the request is written here; TLS is the standard library's.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from time import monotonic

from dashboard.outgoing.reach import Address, Network, NotReachable, Target, addresses_of
from dashboard.text import shown

# For all of it: resolving, connecting, TLS, sending, and the answer's head.
PATIENCE_SECONDS = 10.0
CONNECT_SECONDS = 4.0
MOST_HEAD_BYTES = 16 * 1024
MOST_BODY_BYTES = 1024
LONGEST_SHOWN = 300
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r?\n")
_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a try: a status, or a `problem` where there was no answer at all.

    `took_ms`: milliseconds, from resolving the name to the answer.
    """

    took_ms: int
    status: int | None = None
    problem: str | None = None
    begins: str | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def why_not(self) -> str:
        """Why it did not count, for people."""
        if self.problem is not None:
            return self.problem
        if self.status is not None and 300 <= self.status < 400:
            return f"It answered {self.status}, a redirect, which is not followed."
        return f"It answered {self.status}."


def post(
    target: Target,
    body: str,
    headers: Mapping[str, str],
    allowed: Sequence[Network],
    *,
    patience: float = PATIENCE_SECONDS,
) -> Answer:
    """Send one event; whatever happens is an answer."""
    began = monotonic()
    ends = began + patience
    try:
        status, begins = _post(target, body.encode(), headers, allowed, ends)
        return Answer(_ms(began), status=status, begins=begins)
    except NotReachable as why:
        problem = str(why)
    except TimeoutError:
        problem = f"It did not answer within {patience:.0f} seconds."
    except ssl.SSLCertVerificationError as error:
        problem = f"Its certificate is not valid: {error.verify_message}."
    except _Garbled as why:
        problem = str(why)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        problem = f"It could not be reached: {reason}."
    return Answer(_ms(began), problem=shown(problem, most=LONGEST_SHOWN))


class _Garbled(Exception):
    """What was answered is not HTTP, ended too early, or has no end."""


def _post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    allowed: Sequence[Network],
    ends: float,
) -> tuple[int, str | None]:
    addresses = addresses_of(target, allowed, seconds=_left(ends))
    with _connected(target, addresses, ends) as connection:
        connection.settimeout(_left(ends))
        connection.sendall(_request(target, body, headers))
        status, rest = _head(connection, ends)
        if 200 <= status < 300:
            return status, None
        return status, _beginning(connection, rest, ends)


def _connected(target: Target, addresses: Sequence[Address], ends: float) -> socket.socket:
    """Return a connection to the first of the addresses that answers: to these, by number."""
    failed: OSError = TimeoutError()
    for address in addresses:
        try:
            seconds = min(CONNECT_SECONDS, _left(ends))
            plain = socket.create_connection((str(address), target.port), timeout=seconds)
            break
        except OSError as error:
            failed = error
    else:
        raise failed
    if target.scheme == "http":
        return plain
    try:
        plain.settimeout(_left(ends))
        return tls().wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise


@cache
def tls() -> ssl.SSLContext:
    """Return how receivers are spoken with: their certificates must be valid."""
    return ssl.create_default_context()


def _request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"host: {target.host_header}",
        "user-agent: billing-events/1",
        "accept: */*",
        "accept-encoding: identity",
        "connection: close",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


def _head(connection: socket.socket, ends: float) -> tuple[int, bytes]:
    """Return the status and what came behind the head already; informational ones are passed."""
    read = b""
    while True:
        end = _END.search(read)
        if end is None:
            if len(read) > MOST_HEAD_BYTES:
                raise _Garbled("Its answer has a head without end.")
            some = _read(connection, ends)
            if not some:
                raise _Garbled("It closed the connection before it answered.")
            read += some
            if not b"HTTP/1.".startswith(read[:7]):
                raise _Garbled("Its answer is not HTTP.")
            continue
        found = _STATUS.match(read)
        if found is None:
            raise _Garbled("Its answer is not HTTP.")
        status, read = int(found[1]), read[end.end() :]
        if status >= 200:
            return status, read


def _beginning(connection: socket.socket, read: bytes, ends: float) -> str | None:
    """Return how the body begins; one that ends early or comes too slowly is as good."""
    try:
        while len(read) < MOST_BODY_BYTES and (some := _read(connection, ends)):
            read += some
    except OSError:
        pass
    text = " ".join(read[:MOST_BODY_BYTES].decode("utf-8", "replace").split())
    return shown(text, most=LONGEST_SHOWN) or None


def _read(connection: socket.socket, ends: float) -> bytes:
    connection.settimeout(_left(ends))
    return connection.recv(4096)


def _left(ends: float) -> float:
    """Return how many seconds are left; raises TimeoutError where none are."""
    left = ends - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _ms(began: float) -> int:
    return round((monotonic() - began) * 1000)
