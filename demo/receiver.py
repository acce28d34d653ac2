"""A receiver of outgoing events on this machine: `python -m demo.receiver whsec_…`.

It verifies each event and prints it, once: what comes again under an id it had is only counted.
"""

from __future__ import annotations

import argparse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

PORT = 8090
MOST_BYTES = 1024 * 1024


class Books(ThreadingHTTPServer):
    """The server, which knows its secret and what it has had already."""

    daemon_threads = True

    def __init__(self, secret: str, port: int = PORT) -> None:
        super().__init__(("127.0.0.1", port), Answer)
        self.webhook = Webhook(secret)
        self.had: set[str] = set()


class Answer(BaseHTTPRequestHandler):
    """Takes one event: 204 for ours, 400 for what nobody signed."""

    server: Books

    def do_POST(self) -> None:
        """Verify, print and take it."""
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), MOST_BYTES))
        try:
            told: dict[str, Any] = self.server.webhook.verify(body, dict(self.headers))
        except WebhookVerificationError as why:
            print(f"refused: {why}", flush=True)  # noqa: T201  it is what this is for
            self._end(400)
            return
        name = self.headers["webhook-id"]
        is_again = name in self.server.had
        self.server.had.add(name)
        about = told["data"].get("organization", "")
        words = "again" if is_again else about
        print(f"{told['timestamp']} {told['type']} {words}", flush=True)  # noqa: T201  the same
        self._end(204)

    def log_message(self, *_: object) -> None:
        """Say nothing of requests beside what they told."""

    def _end(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()


def main() -> None:
    """Receive until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("secret", help="the endpoint's secret, whsec_…")
    parser.add_argument("--port", type=int, default=PORT)
    arguments = parser.parse_args()
    with Books(arguments.secret, arguments.port) as server:
        print(f"receiving at http://127.0.0.1:{server.server_port}/", flush=True)  # noqa: T201  the same
        server.serve_forever()


if __name__ == "__main__":
    main()
