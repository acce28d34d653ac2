"""What a stranger tries, with the front and without: refused, and nobody else waits for it."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

HALF_OPEN = 40
BODY_MB = 9.5
# What others may wait at most while somebody holds connections open.
PATIENCE_SECONDS = 2.0


Attack = Callable[["Front"], str]


class Front:
    """What a stranger speaks to: the front by TLS, or a process of the web at its own port."""

    def __init__(self, host: str, *, authority: str | None = None, port: int = 443) -> None:
        self.host, self.port = host, port
        self._context = ssl.create_default_context(cafile=authority) if authority else None

    def connect(self, *, timeout: float = 20) -> socket.socket:
        """Return an open connection."""
        plain = socket.create_connection((self.host, self.port), timeout=timeout)
        if self._context is None:
            return plain
        return self._context.wrap_socket(plain, server_hostname=self.host)

    def client(self) -> http.client.HTTPConnection:
        """Return what sends one request."""
        if self._context is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=30)
        return http.client.HTTPSConnection(self.host, timeout=30, context=self._context)

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """Return the answer to one request."""
        connection = self.client()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        # What is too large is answered before all of it is sent.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, named)
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def others_wait(self, times: int = 10) -> float:
        """Return the longest that anybody else waited for a page meanwhile."""
        longest = 0.0
        for _ in range(times):
            began = time.monotonic()
            assert self.ask("GET", "/session/new").status == 200
            longest = max(longest, time.monotonic() - began)
        return longest


def half_open(front: Front, start: bytes) -> str:
    """Hold forty requests open that never come to their end."""
    with ExitStack() as held:
        for _ in range(HALF_OPEN):
            held.enter_context(front.connect()).sendall(start)
        waited = front.others_wait()
    assert waited < PATIENCE_SECONDS, f"others waited {waited:.1f} s"
    return f"others wait {waited * 1000:.0f} ms at most"


def half_headers(front: Front) -> str:
    """40 requests without an end of their headers."""
    return half_open(front, b"GET / HTTP/1.1\r\nHost: " + front.host.encode() + b"\r\nX-")


def half_bodies(front: Front) -> str:
    """40 bodies that never arrive."""
    head = f"POST /webhooks/stripe HTTP/1.1\r\nHost: {front.host}\r\nContent-Length: 9000\r\n\r\n"
    return half_open(front, head.encode() + b"{")


def large_body(front: Front) -> str:
    """A body above what is taken."""
    answer = front.ask("POST", "/api/v1/usage", b"x" * int(BODY_MB * 1024 * 1024))
    # Without the front nobody reads it before knowing who sends it.
    assert answer.status in (401, 413), answer.status
    return str(answer.status)


def other_host(front: Front) -> str:
    """A request for another host."""
    answer = front.ask("GET", "/session/new", Host="evil.test")
    assert answer.status in (400, 421), answer.status
    assert b"evil.test" not in answer.body  # type: ignore[attr-defined]
    return str(answer.status)


def forwarded(front: Front) -> str:
    """Headers that lie about who and where one is."""
    lies = {
        "X_Forwarded_For": "127.0.0.1", "X_Forwarded_Host": "evil.test",
        "X_Forwarded_Proto": "http", "X_Forwarded_Prefix": "/evil", "Forwarded": "host=evil.test",
    }  # fmt: skip
    answer = front.ask("GET", "/organizations", **lies)
    told = answer.headers["Location"] + str(answer.headers)
    assert answer.status == 303, answer.status
    assert "evil" not in told, told
    return "believed by nobody"


def closed(front: Front) -> str:
    """What is for operators alone."""
    ways = ("/{}", "//{}", "///{}", "/./{}", "/x/../{}", "/{}/", "/{}?x=1")
    paths = [way.format(page) for page in ("metrics", "readyz", "healthz") for way in ways]
    found = {path: front.ask("GET", path).status for path in paths}
    assert set(found.values()) == {404}, found
    lied = front.ask("GET", "/metrics", X_Forwarded_For="127.0.0.1").status
    assert lied == 404, lied
    return "404"


def odd_methods(front: Front) -> str:
    """Methods that nobody knows."""
    found = {name: front.ask(name, "/").status for name in ("TRACE", "PROPFIND", "DELETE", "FOO")}
    assert all(400 <= status < 500 for status in found.values()), found
    return ", ".join(map(str, sorted(set(found.values()))))


def double_slash(front: Front) -> str:
    """`//host` as a path, and as where to go."""
    for path in ("//evil.test", "//evil.test/..", "/\\evil.test", "//evil.test/organizations"):
        answer = front.ask("GET", path)
        led = urlsplit(answer.headers["Location"] or "")
        assert answer.status < 500, (path, answer.status)
        assert led.netloc in ("", front.host), (path, answer.headers["Location"])
        assert not led.path.startswith(("//", "/\\")), (path, answer.headers["Location"])
    asked = front.ask("GET", "/session/new?next=//evil.test")
    assert b'value="//evil.test"' not in asked.body  # type: ignore[attr-defined]
    return "leads nowhere"


def plain_http(front: Front) -> str:
    """A request without TLS."""
    connection = http.client.HTTPConnection(front.host, 80, timeout=10)
    connection.request("GET", "/session/new", headers={"Host": "evil.test"})
    answer = connection.getresponse()
    assert answer.status == 301, answer.status
    assert answer.headers["Location"] == f"https://{front.host}/session/new"
    return "301 to ourselves"


def long_header(front: Front) -> str:
    """Headers beyond all measure."""
    answer = front.ask("GET", "/", X_Long="a" * 200_000)
    assert answer.status in (400, 431), answer.status
    return str(answer.status)


ALL: tuple[Attack, ...] = (
    half_headers, half_bodies, large_body, other_host, forwarded, closed, odd_methods,
    double_slash, plain_http, long_header,
)  # fmt: skip


# A process behind the front takes the word of this machine on who calls, and shows it its figures.
BARE = (half_headers, half_bodies, large_body, other_host, odd_methods, double_slash, long_header)


def tried(front: Front, attacks: Sequence[Attack] = ALL) -> Iterator[tuple[str, str]]:
    """Yield each attack with what came of it. Raises AssertionError at one that worked."""
    for attack in attacks:
        yield (attack.__doc__ or "").strip().rstrip("."), attack(front)
