"""Stripe's webhook signature: HMAC-SHA256 over "<unix time>.<raw body>"."""

from __future__ import annotations

import hashlib
import hmac


def signature(payload: bytes, secrets: list[str], timestamp: int) -> str:
    """Return the Stripe-Signature header with one v1 value per secret (several while rolling)."""
    signed = str(timestamp).encode() + b"." + payload
    values = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={value}" for value in values)])
