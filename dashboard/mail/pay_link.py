"""Links in mails that lead to an invoice's page at Stripe, whenever the mail is read.

Stripe's own address ends some weeks after the due date, and reminders are read later. All that one
opens is the page on which that invoice is paid, for as long as something of it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from itsdangerous import BadData, URLSafeSerializer

from dashboard.errors import NotFound


class UnknownPayLink(NotFound):
    """The link is none of ours, or is not whole."""

    code = "unknown_pay_link"


def pay_token(invoice_id: int, keys: Sequence[str]) -> str:
    """Return the secret part of a link to the page on which an invoice is paid."""
    return str(_serializer(keys).dumps(invoice_id))


def read_pay_token(token: str, keys: Sequence[str]) -> int:
    """Return the id of the invoice that a link leads to; raises `UnknownPayLink`."""
    unknown = UnknownPayLink(
        "This link is not complete. Nothing was paid. Open it from the e-mail again, or sign in "
        "and open the invoice there."
    )
    try:
        invoice_id = _serializer(keys).loads(token)
    except (BadData, ValueError, TypeError):
        raise unknown from None
    if not isinstance(invoice_id, int):
        raise unknown
    return invoice_id


def _serializer(keys: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(list(keys), salt="pay an invoice")
