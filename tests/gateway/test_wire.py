"""The way to Stripe: connections are kept, whatever thread sends; proxies; what no answer means."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import certifi
import pytest

from dashboard.gateway.wire import NoAnswer, Wire, proxy_of


class Server(ThreadingHTTPServer):
    """Answers everything, and notes what was asked and over how many connections."""

    asked: list[tuple[str, str, str | None]]
    connections = 0

    def get_request(self):  # type: ignore[no-untyped-def]  # as the library has it
        self.connections += 1
        return super().get_request()


class Handler(BaseHTTPRequestHandler):
    """Repeats the body; `/away` leads elsewhere."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(
            (self.path, body.decode(), self.headers.get("Proxy-Authorization"))
        )
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://elsewhere.example/")
        self.send_header("Request-Id", "req_1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def serving() -> Iterator[tuple[str, Server]]:
    """Lend a server and its address."""
    server = Server(("127.0.0.1", 0), Handler)
    server.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no proxy of this machine be meant."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def wire(address: str) -> Wire:
    """Return the wire to that address."""
    return Wire(address, 5, certifi.where())


def test_threads_that_come_and_go_share_their_connections() -> None:
    with serving() as (url, server):
        way = wire(url)
        for number in range(6):
            with ThreadPoolExecutor(1) as pool:
                sent = pool.submit(way.send, "post", f"{url}/v1", {}, f"a={number}")
                content, status, headers = sent.result()
            assert (content, status) == (f"a={number}".encode(), 200)
            assert ("Request-Id" in headers, headers["request-id"]) == (True, "req_1")
    assert server.connections == 1


def test_an_answer_that_leads_elsewhere_is_not_followed() -> None:
    with serving() as (url, server):
        assert wire(url).send("post", f"{url}/away", {}, "key=secret")[1] == 302
    assert len(server.asked) == 1


def test_no_answer_is_said_to_be_none() -> None:
    with serving() as (url, _):
        pass
    with pytest.raises(NoAnswer, match="refused"):
        wire(url).send("post", f"{url}/v1", {}, None)


def test_the_environments_proxy_is_asked_and_told_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (url, server):
        monkeypatch.setenv("http_proxy", url.replace("//", "//me:p%40ss@"))
        wire("http://stripe.example").send("post", "http://stripe.example/v1", {}, "a=1")
    assert server.asked == [("http://stripe.example/v1", "a=1", "Basic bWU6cEBzcw==")]


def test_what_the_environment_leaves_out_goes_through_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", "stripe.example")
    assert proxy_of("https://api.stripe.com") == "http://proxy.example:3128"
    assert proxy_of("https://stripe.example") is None
    assert proxy_of("http://api.stripe.com") is None
