"""Stripe's side of the webhooks: signed deliveries, some at a time, on kept connections."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import stripe

from tests.support.simulator import WEBHOOK_SECRET

SENDERS = 16


def delivery(event: dict[str, Any], address: str) -> bytes:
    """Return the whole request that delivers an event, signed and laid out as Stripe does."""
    body = json.dumps(event, indent=2)
    signature = stripe.WebhookSignature.generate_signature_header(body, WEBHOOK_SECRET)
    raw = body.encode()
    head = (
        "POST /webhooks/stripe HTTP/1.1",
        f"Host: {urlsplit(address).netloc}",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(raw)}",
        f"Stripe-Signature: {signature}",
        "",
        "",
    )
    return "\r\n".join(head).encode() + raw


def send(
    url: str, requests: Sequence[bytes], took: list[float] | None = None
) -> tuple[float, float]:
    """Send them all, in order, by some senders at once; return when it began and ended.

    How many seconds each answer took is added to `took`. Raises AssertionError for an answer that
    is not 200.
    """
    address = urlsplit(url)
    waiting = iter(requests)
    turn = threading.Lock()
    failed: list[bytes] = []

    def work() -> None:
        with socket.create_connection((address.hostname, address.port)) as wire:
            while True:
                with turn:
                    one = next(waiting, None)
                if one is None:
                    return
                sent = time.perf_counter()
                wire.sendall(one)
                answer = _read(wire)
                if took is not None:
                    took.append(time.perf_counter() - sent)
                if not answer.startswith(b"HTTP/1.1 200"):
                    failed.append(answer)
                    return

    threads = [threading.Thread(target=work) for _ in range(SENDERS)]
    begun = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = time.time()
    assert not failed, failed[0][:500]
    return begun, ended


def _read(wire: socket.socket) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _some(wire)
    head, _, body = answer.partition(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    ]
    while len(body) < length:
        body += _some(wire)
    return head


def _some(wire: socket.socket) -> bytes:
    some = wire.recv(65536)
    assert some, "the server hung up"
    return some
