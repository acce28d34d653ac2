"""Stripe's events for a test: about a simulator's real invoices, signed as Stripe signs."""

import json
import secrets
from typing import Any

import requests
import stripe

from dashboard.clock import utc_now
from tests.support.simulator import API_KEY, WEBHOOK_SECRET


def invoice_json(simulator_url: str, stripe_id: str) -> dict[str, Any]:
    """Return an invoice as the simulator answers it."""
    answer = requests.get(
        f"{simulator_url}/v1/invoices/{stripe_id}",
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    )
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()
    return data


def event(
    kind: str,
    subject: dict[str, Any],
    key: str | None = None,
    *,
    created: int | None = None,
    previous: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return an event with an id of its own, of now unless told; `previous` is what changed."""
    return {
        "id": f"evt_{secrets.token_hex(8)}",
        "object": "event",
        "type": kind,
        "created": int(utc_now().timestamp()) if created is None else created,
        "livemode": False,
        "api_version": "2026-10-28.endive",
        "request": {"id": "req_1", "idempotency_key": key},
        "data": {"object": subject, **({"previous_attributes": previous} if previous else {})},
    }


def signed(body: dict[str, Any], secret: str = WEBHOOK_SECRET) -> tuple[bytes, dict[str, str]]:
    """Return the raw body of a delivery and its headers."""
    raw = json.dumps(body)
    header = stripe.WebhookSignature.generate_signature_header(raw, secret)
    return raw.encode(), {"Stripe-Signature": header, "Content-Type": "application/json"}
