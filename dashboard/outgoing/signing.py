"""Secrets, and the headers by which a receiver knows that an event is ours and new."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook

from dashboard.outgoing.models import OutgoingEvent

MARK = "whsec_"
# The convention asks for 24 to 64.
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret, as receivers get it."""
    return MARK + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(event: OutgoingEvent) -> str:
    """Return what is sent of an event, the same letters at every try."""
    told = {
        "type": event.kind,
        "timestamp": told_at(event.happened_at),
        "data": event.data,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def headers_of(
    event: OutgoingEvent, body: str, signed_with: Sequence[str], *, now: datetime
) -> dict[str, str]:
    """Return the headers of one try, signed with every secret that holds."""
    # The library takes the parts of the instant for those of UTC.
    at = now.astimezone(UTC)
    signatures = [Webhook(one).sign(event.name, at, body) for one in signed_with]
    return {
        "webhook-id": event.name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
        "content-type": "application/json",
    }


def told_at(at: datetime) -> str:
    """Return an instant as events say it: UTC, to the microsecond where it has any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
