"""The key of a request that must not take effect twice."""

from flask import request

from dashboard.billing.adjust import OURS
from dashboard.errors import Invalid
from dashboard.text import unprintable

KEY_LENGTH = 200


def key_sent(in_body: str | None) -> str:
    """Return the key of the body or of the header; raise `Invalid` for none, or one of ours."""
    key = in_body or request.headers.get("Idempotency-Key", "")
    if not key or len(key) > KEY_LENGTH or unprintable(key):
        raise Invalid(
            "The request has no key. Nothing was added. Send an Idempotency-Key header or a `key` "
            f"of at most {KEY_LENGTH} printable characters, so that a repeat adds nothing twice.",
            field="key",
        )
    if key.startswith(OURS):
        raise Invalid(
            f"A key cannot begin with {', '.join(OURS)}: such keys are made here. Nothing was "
            "added. Send another key.",
            field="key",
        )
    return key
