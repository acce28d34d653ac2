"""What a change of a bill's line says: its cause in words, who it was, and where that is shown."""

from __future__ import annotations

from flask import url_for

from dashboard.billing.cause import CAUSES
from dashboard.reading.history import Told
from dashboard.reading.history_query import FACTS

LABELS = {
    "usage": "Usage",
    "cancellation": "Usage canceled",
    "attach": "Service attached",
    "detach": "Service detached",
    "quantity": "Quantity changed",
    "price_version": "New price",
    "adjustment": "Charge or credit",
    "correction": "Void invoice",
    "credit_note": "Credit note",
    "sync": "Issued by Stripe",
    "cycle": "Start or end of a period",
}
CHOICES = {FACTS: "All but usage"} | {cause: LABELS[cause] for cause in CAUSES}


def cause_words(told: Told) -> str:
    """Return what caused a change, as a short sentence without its end."""
    words = _SENTENCES.get(told.cause or "", _before_history)(told)
    return words if told.is_there or told.cents else f"{words}; the line was removed"


def who(told: Told, *, is_staff: bool) -> str:
    """Return who caused a change; customers are not told which of us did."""
    if told.actor_kind is None:
        return "Usage reports" if told.cause == "usage" else ""
    if told.actor_kind in _MACHINES:
        return _MACHINES[told.actor_kind]
    if is_staff:
        return told.actor_label or ""
    return "API" if told.actor_kind == "token" else "Billing team"


def cause_address(told: Told, slug: str) -> str | None:
    """Return where what caused a change is shown, None where nothing shows it."""
    if told.cause in ("attach", "detach", "quantity"):
        return url_for("services.index", slug=slug)
    if told.cause == "cancellation":
        return url_for("usage.show", slug=slug, _anchor="taken-off")
    if told.cause == "adjustment":
        return url_for("adjustments.index", slug=slug)
    if told.about_sequence is not None:
        return url_for("invoices.show", slug=slug, sequence=told.about_sequence)
    return None


_MACHINES = {"system": "The schedule", "stripe": "Stripe"}


def _named(told: Told) -> str:
    return told.service_label or told.description


def _adjusted(told: Told) -> str:
    if told.is_reversal:
        # What takes a charge back is below zero itself.
        return "Charge reversed" if told.moved_cents < 0 else "Credit reversed"
    return "Credit added" if told.moved_cents < 0 else "Charge added"


def _corrected(told: Told) -> str:
    return f"Follows from void invoice {told.about_sequence}"


def _issued(told: Told) -> str:
    if told.kind == "carry_over":
        return f"Carried over: Stripe issued invoice {told.about_sequence} without it"
    return "Stripe issued the invoice with another amount; the rest is carried over"


def _of_cycle(told: Told) -> str:
    return "Fee of a new period" if not told.cents_before else "The period ended early"


def _before_history(_told: Told) -> str:
    return "The amount before history was kept"


_SENTENCES = {
    "usage": lambda _told: "Usage counted",
    "cancellation": lambda _told: "Usage was canceled by its sender",
    "attach": lambda told: f"{_named(told)} attached",
    "detach": lambda told: f"{_named(told)} detached",
    "quantity": lambda told: f"Quantity of {_named(told)} changed",
    "price_version": lambda _told: "A new price was set",
    "adjustment": _adjusted,
    "correction": _corrected,
    "credit_note": lambda told: f"Follows from a credit note of invoice {told.about_sequence}",
    "sync": _issued,
    "cycle": _of_cycle,
}

# What the templates of a history ask.
WORDS = {"cause_words": cause_words, "cause_address": cause_address, "who": who}
