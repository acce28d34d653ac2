"""The terms of an invoice: what a draft may be told, and when Stripe finalizes it by itself."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.engine.errors import invalid
from simulator.engine.metadata import merged
from simulator.engine.state import Call, Simulator
from simulator.engine.store import Record, new_id
from simulator.resources.currencies import currency_of
from simulator.resources.invoice_view import customer_of

# Without a schedule, auto_advance finalizes after the account's grace period: an hour by default.
GRACE_SECONDS = 60 * 60
FURTHEST_SCHEDULE_SECONDS = 5 * 366 * 24 * 60 * 60
_DAY = 24 * 60 * 60

TERMS = (
    "auto_advance", "collection_method", "custom_fields", "days_until_due",
    "default_payment_method", "description", "due_date", "effective_at", "footer", "number",
    "rendering", "statement_descriptor",
)  # fmt: skip


def blank(call: Call, customer: Record) -> Record:
    """Return a new draft row without terms, not yet kept."""
    now, currency = call.now, call.params.get("currency") or customer["currency"] or "usd"
    return {
        "id": new_id("in"),
        "items": [],
        "token": secrets.token_hex(16),
        "amount_due": None,
        "amount_paid": 0,
        "attempt_count": 0,
        "attempted": False,
        "automatic_tax": False,
        "automatically_finalizes_at": None,
        "billing_reason": "manual",
        "created": now,
        "currency": currency_of(currency),
        "customer": customer["id"],
        **customer_of(customer),
        "ending_balance": None,
        "from_invoice": None,
        "last_finalization_error": None,
        "latest_revision": None,
        "metadata": {},
        "next_payment_attempt": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": now,
        "period_start": now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "draft",
        "status_details": None,
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        **dict.fromkeys(TERMS),
        "auto_advance": False,
        "collection_method": "charge_automatically",
    }


def apply_terms(call: Call, invoice: Record) -> None:
    """Check the call's terms and metadata, then set them on the row. A 400 changes nothing."""
    given = call.params
    metadata = merged(invoice["metadata"], given.get("metadata"))
    wanted = {name: invoice[name] for name in TERMS}
    if given.get("collection_method") == "charge_automatically":
        wanted |= {"days_until_due": None, "due_date": None}
    wanted |= {name: given[name] if given[name] != "" else None for name in TERMS if name in given}
    _check_terms(wanted)
    due_at = _due_at(call, invoice, wanted)
    invoice |= wanted
    if "automatic_tax" in given:
        invoice["automatic_tax"] = given["automatic_tax"]["enabled"]
    invoice["metadata"], invoice["due_date"] = metadata, due_at
    if invoice["status"] == "draft":
        invoice["automatically_finalizes_at"] = _finalizes_at(call, invoice)
        schedule(call.simulator, invoice)


def _check_terms(wanted: dict[str, Any]) -> None:
    sent = wanted["collection_method"] == "send_invoice"
    for name in ("days_until_due", "due_date"):
        if wanted[name] is not None and not sent:
            raise invalid(
                f"You can only specify {name} when collection_method is send_invoice.", param=name
            )


def _due_at(call: Call, invoice: Record, wanted: dict[str, Any]) -> int | None:
    if wanted["days_until_due"] is None:
        due: int | None = wanted["due_date"]
        return due
    if "days_until_due" not in call.params and invoice["due_date"] is not None:
        return int(invoice["due_date"])
    return call.now + int(wanted["days_until_due"]) * _DAY


def _finalizes_at(call: Call, invoice: Record) -> int | None:
    """Return the schedule; asking for auto_advance without one starts the grace period."""
    asked = call.params.get("automatically_finalizes_at")
    if asked is not None and not call.now < asked <= call.now + FURTHEST_SCHEDULE_SECONDS:
        raise invalid(
            "automatically_finalizes_at must be in the future and at most five years ahead.",
            param="automatically_finalizes_at",
        )
    if asked is not None:
        return int(asked)
    if invoice["auto_advance"] and invoice["automatically_finalizes_at"] is None:
        return call.now + GRACE_SECONDS
    # Switching auto_advance off forgets the schedule: switched on again, the grace period starts.
    return int(invoice["automatically_finalizes_at"]) if invoice["auto_advance"] else None


def schedule(simulator: Simulator, invoice: Record) -> None:
    """Plan the finalization that the draft's auto_advance and schedule ask for."""
    due = invoice["automatically_finalizes_at"] if invoice["auto_advance"] else None
    simulator.timers.set("finalize", invoice["id"], due)
