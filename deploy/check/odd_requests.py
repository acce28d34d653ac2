"""Requests that no client sends: refused, or read in one way, and none is a failure of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deploy.check.attacks import Front

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
# 501 is what the front says of a coding that nobody knows.
FAILURES = {500, 502, 503, 504}
END = b"Connection: close\r\n\r\n"


def odd_requests(front: Front) -> str:
    """Lengths and names that contradict each other, and bytes that belong nowhere."""
    for what, raw in requests(front.host.encode()).items():
        found = answers(front, raw)
        assert found, f"{what}: no answer"
        assert not FAILURES.intersection(found), f"{what}: {found}"
        assert len(found) == 1, f"{what} was taken for {len(found)} requests"
    return f"{len(requests(b''))} kinds refused or read in one way"


def answers(front: Front, raw: bytes) -> list[int]:
    """Return the statuses that come back until the connection is closed."""
    with front.connect(timeout=10) as connection:
        connection.sendall(raw)
        said = b""
        try:
            while more := connection.recv(65536):
                said += more
        except OSError:  # it was cut off; what was said before counts
            pass
    return [int(one) for one in STATUS.findall(said)]


def requests(host: bytes) -> Mapping[str, bytes]:
    """Return each kind with its bytes."""
    name, usage = b"Host: " + host + b"\r\n", b"POST /api/v1/usage HTTP/1.1\r\n"
    body = b"Content-Type: application/json\r\n"
    page = b"GET /session/new HTTP/1.1\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n"
    second = b"GET /session/new HTTP/1.1\r\n" + name + END
    return {
        "a length and chunks": usage
        + name
        + body
        + b"Content-Length: 5\r\n"
        + chunked
        + END
        + b"0\r\n\r\n"
        + second,
        "two lengths": usage + name + body + b"Content-Length: 14\r\nContent-Length: 5\r\n" + END,
        "a negative length": usage + name + body + b"Content-Length: -1\r\n" + END,
        "chunks of no size": usage + name + body + chunked + END + b"zz\r\n\r\n0\r\n\r\n",
        "an unknown coding": usage + name + body + b"Transfer-Encoding: xchunked\r\n" + END,
        "a packed body": usage
        + name
        + body
        + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n"
        + END
        + b"\x1f\x8b\x08\x00",
        "two hosts": page + name + b"Host: evil.test\r\n" + END,
        "no host": page + END,
        "a host and somebody": page + b"Host: a@" + host + b"\r\n" + END,
        "an address of another": b"GET http://evil.test/session/new HTTP/1.1\r\n" + name + END,
        "a NUL in a header": page + name + b"X-A: a\0b\r\n" + END,
        "a path of no letters": b"GET /\xff\xfe%00%ff HTTP/1.1\r\n" + name + END,
        "a cookie of no letters": page + name + b"Cookie: session=\xff\xfe\r\n" + END,
        "too many headers": page + name + b"".join(b"X-%d: 1\r\n" % n for n in range(1500)) + END,
        "a long query": b"GET /?x=" + b"a" * 7000 + b" HTTP/1.1\r\n" + name + END,
        "a long method": b"A" * 5000 + b" / HTTP/1.1\r\n" + name + END,
    }
