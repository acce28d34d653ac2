"""What the simulator's pages share: money and times as a person reads them, and safe headers."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, Response

from dashboard.currencies import minor_digits, shown_digits
from dashboard.money import Money


def add_filters(app: Flask) -> None:
    """Give the templates `money` and `day`, and every reply a policy without scripts."""
    app.jinja_env.filters["money"] = money
    app.jinja_env.filters["day"] = day
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.after_request
    def only_our_own(reply: Response) -> Response:
        if reply.mimetype == "text/html":
            policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
            # An e-mail is shown with its own style, in a frame of its page.
            reply.headers.setdefault("Content-Security-Policy", f"{policy}; frame-src 'self'")
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
    return f"{datetime.fromtimestamp(instant, UTC):%-d %b %Y, %H:%M} UTC"
