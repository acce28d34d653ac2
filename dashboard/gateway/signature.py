"""Who signed a delivery, and when: Stripe's scheme v1, over bytes that nobody has looked at yet.

Our own and not the library's, because anybody may send a header: the library raises whatever it
trips over, and takes a delivery that is signed for next year.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from dashboard.gateway.errors import BadSignature

TOLERANCE_SECONDS = 300
_STAMP = re.compile(r"[0-9]{1,12}")


def verify(raw: bytes, header: str, secrets: Sequence[str], *, now: float) -> None:
    """Pass where one of `secrets` signed `raw` about `now`; else raise `BadSignature`.

    While a secret is rolled there are two of them, and Stripe signs with both.
    """
    stamps, given = _values(header, "t"), _values(header, "v1")
    stamp = stamps[0] if stamps and _STAMP.fullmatch(stamps[0]) else None
    if stamp is None or not _is_signed(f"{stamp}.".encode() + raw, given, secrets):
        raise BadSignature(
            "The signature does not match. Nothing was stored. Check STRIPE_WEBHOOK_SECRET."
        )
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature(
            f"The delivery was signed more than {TOLERANCE_SECONDS} seconds from now. Nothing was "
            "stored. Check this machine's clock. Stripe signs again when it redelivers."
        )


def _values(header: str, name: str) -> list[str]:
    pairs = (part.partition("=") for part in header.split(","))
    return [value for key, _, value in pairs if key == name]


def _is_signed(signed: bytes, given: Sequence[str], secrets: Sequence[str]) -> bool:
    # As bytes: comparing texts raises for a header that is not ASCII.
    claims = [one.encode("utf-8", "replace") for one in given]
    for secret in secrets:
        right = hmac.new(secret.encode(), signed, "sha256").hexdigest().encode()
        if any(hmac.compare_digest(right, claim) for claim in claims):
            return True
    return False
