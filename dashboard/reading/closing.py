"""How far the last invoice has come: closing, checked, issued, paid, each with its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from dashboard.billing.models import FINALIZED
from dashboard.reading.earlier import EarlierInvoice
from dashboard.reading.rows import CurrentInvoice
from dashboard.reading.tag import digest

# So long after it was issued Stripe's own first attempt may still be under way.
_FIRST_ATTEMPT = timedelta(minutes=5)
# So long is said that the figure above began with the last invoice's end.
_STARTED_OVER = timedelta(days=1)


class Step(NamedTuple):
    """One of the steps; `at` is when it was done, or what it waits for."""

    name: Literal["closing", "checked", "issued", "paid"]
    state: Literal["done", "now", "next", "failed"]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class LastInvoice:
    """The invoice before the current one.

    `is_moving`: it goes on by itself within moments, so its page asks more often. `is_news`: it
    closed so lately that the current figure's fresh start needs a word.
    """

    invoice: EarlierInvoice
    shown: str
    steps: Sequence[Step]
    is_moving: bool
    is_news: bool

    @property
    def closed_at(self) -> datetime | None:
        """When the current invoice took over from it."""
        return self.invoice.closing_at or self.invoice.sealed_at

    @property
    def tag(self) -> str:
        """The name of the state that is shown of it."""
        return digest(self)


def last_invoice(invoice: EarlierInvoice, *, now: datetime) -> LastInvoice:
    """Return how far it has come."""
    shown = invoice.shown(now)
    closed_at = invoice.closing_at or invoice.sealed_at
    is_news = closed_at is not None and now - closed_at < _STARTED_OVER
    return LastInvoice(invoice, shown, _steps(invoice, shown), is_moving(invoice, now), is_news)


def last_of(
    invoice: CurrentInvoice, earlier: Sequence[EarlierInvoice], *, now: datetime
) -> LastInvoice | None:
    """Return the one before the current invoice; None for an organization's first."""
    before = next((one for one in earlier if one.sequence == invoice.sequence - 1), None)
    return None if before is None else last_invoice(before, now=now)


def is_moving(invoice: EarlierInvoice, now: datetime) -> bool:
    """Whether it goes on within moments; a grace of an hour does not."""
    if invoice.parked_at is not None:
        return False
    if invoice.status == "sealed":
        return True
    is_charged = invoice.due_at is None and invoice.payment_failure is None
    is_charged = is_charged and not invoice.is_to_confirm
    issued_at = invoice.finalized_at or now
    return invoice.status == "open" and is_charged and now - issued_at < _FIRST_ATTEMPT


def _steps(invoice: EarlierInvoice, shown: str) -> Sequence[Step]:
    if shown == "empty":
        return [_closing(invoice), _checked(invoice)]
    issued = Step("issued", "done" if invoice.status in FINALIZED else "next", invoice.finalized_at)
    return [_closing(invoice), _checked(invoice), issued, _paid(invoice, shown)]


def _closing(invoice: EarlierInvoice) -> Step:
    if invoice.status == "closing":
        return Step("closing", "now", invoice.seal_after_at)
    return Step("closing", "done", invoice.closing_at or invoice.sealed_at)


def _checked(invoice: EarlierInvoice) -> Step:
    """Return the step of the final comparison, which finds Stripe's lines equal to the cent."""
    if invoice.status in FINALIZED:
        at, sealed_at = invoice.last_verified_at, invoice.sealed_at
        was_compared = at is not None and sealed_at is not None and at >= sealed_at
        return Step("checked", "done", at if was_compared else invoice.finalized_at)
    if invoice.parked_at is not None:
        return Step("checked", "failed", invoice.parked_at)
    return Step("checked", "now" if invoice.status == "sealed" else "next", None)


def _paid(invoice: EarlierInvoice, shown: str) -> Step:
    if invoice.status == "paid":
        return Step("paid", "done", invoice.paid_at)
    if shown in ("declined", "past_due", "confirm"):
        at = {"declined": invoice.payment_failed_at, "confirm": invoice.action_required_at}
        return Step("paid", "failed", at.get(shown, invoice.due_at))
    if invoice.status in ("uncollectible", "void"):
        return Step("paid", "failed", None)
    return Step("paid", "now" if invoice.status == "open" else "next", invoice.due_at)
