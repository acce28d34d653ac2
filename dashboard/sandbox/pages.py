"""What the sandbox's few pages share: money and times as a person reads them, and safe headers."""

from __future__ import annotations

from flask import Flask, Response

from dashboard.clock import from_timestamp
from dashboard.currencies import minor_digits, shown_digits
from dashboard.money import Money
from dashboard.sandbox.events import Cause
from dashboard.sandbox.state import Call, Sandbox
from dashboard.sandbox.store import Record, new_id


def add_filters(app: Flask) -> None:
    """Give the templates `money` and `day`, and every reply a policy without scripts."""
    app.jinja_env.filters["money"] = money
    app.jinja_env.filters["day"] = day
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.after_request
    def only_our_own(reply: Response) -> Response:
        if reply.mimetype == "text/html":
            policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
            reply.headers["Content-Security-Policy"] = policy
        return reply


def money(cents: int, currency: str) -> str:
    """Return e.g. "1,234.50 USD" for 123450 minor units."""
    amount = Money(cents, currency)
    digits = shown_digits(currency) if amount.is_chargeable else minor_digits(currency)
    return f"{amount.major:,.{digits}f} {currency.upper()}".replace("-", "\N{MINUS SIGN}")


def day(instant: int | None) -> str:
    """Return e.g. "3 May 2026, 14:05 UTC", or a dash."""
    if instant is None:
        return "\N{EN DASH}"
    return f"{from_timestamp(instant):%-d %b %Y, %H:%M} UTC"


def by_hand(sandbox: Sandbox, params: Record, **ids: str) -> Call:
    """Return a call as Stripe's dashboard would make it: a request of its own, without a key."""
    return Call(sandbox, params, ids, Cause(new_id("req")))
