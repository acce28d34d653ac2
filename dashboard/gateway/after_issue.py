"""What follows an issued invoice, Stripe's JSON to our records: payments, credit notes, refunds,
disputes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dashboard.gateway.marks import CREDIT_NOTE, REFUND, marks_of
from dashboard.gateway.note_records import NotePreview
from dashboard.gateway.odd import MOST_OF_A_NUMBER, cut, instant, moment, one_of, whole
from dashboard.gateway.records import RemoteCorrection, RemoteDecline, RemotePayment

Json = Mapping[str, Any]
MOST_OF_A_REASON = 80
MOST_OF_A_CODE = 60


def parse_payment(data: Json) -> RemotePayment:
    """Return the invoice payment in `data`."""
    by: Json = data["payment"]
    return RemotePayment(
        id=data["id"],
        stripe_invoice_id=_id_of(data["invoice"]),
        status=data["status"],
        # An intent, or a charge without one, is what refunds and disputes name.
        paid_by=_optional_id(by.get("payment_intent")) or _optional_id(by.get("charge")),
        off_stripe=by["type"] == "payment_record",
        amount_paid_cents=whole(data, "amount_paid") if data.get("amount_paid") else 0,
    )


def parse_decline(data: Json) -> RemoteDecline:
    """Return why the payment intent in `data` failed; a bank's reason says more than Stripe's."""
    error = data.get("last_payment_error") or {}
    code = error.get("decline_code") or error.get("code")
    return RemoteDecline(paid_by=data["id"], code=cut(code, MOST_OF_A_CODE))


def parse_correction(
    data: Json, *, as_of: datetime | None = None, told_by: str | None = None
) -> RemoteCorrection:
    """Return the credit note, refund or dispute in `data`."""
    kind = one_of(data, "object", tuple(_PARTICULARS))
    return RemoteCorrection(
        kind=kind,
        id=data["id"],
        status=data.get("status") or "pending",
        amount_cents=whole(data, "total" if kind == "credit_note" else "amount"),
        # Why a refund failed says more than why it was made.
        reason=cut(data.get("failure_reason") or data.get("reason"), MOST_OF_A_REASON),
        made_at=moment(data, "created"),
        as_of=as_of,
        told_by=told_by,
        **_PARTICULARS[kind](data),
    )


def parse_preview(data: Json) -> NotePreview:
    """Return what the previewed credit note in `data` would do."""
    return NotePreview(
        total_cents=whole(data, "total"),
        pre_payment_cents=whole(data, "pre_payment_amount"),
        post_payment_cents=whole(data, "post_payment_amount"),
    )


def _of_note(data: Json) -> dict[str, Any]:
    installation, note = marks_of(data, CREDIT_NOTE)
    back = whole(data, "post_payment_amount")
    # How much went to the balance is said nowhere else but in a transaction that it names.
    refunded = sum(whole(one, "amount_refunded") for one in data.get("refunds") or ())
    return {
        "stripe_invoice_id": _id_of(data["invoice"]),
        "number": cut(data["number"], MOST_OF_A_NUMBER),
        "pre_payment_cents": whole(data, "pre_payment_amount"),
        "post_payment_cents": back,
        "balance_cents": max(back - refunded - (data.get("out_of_band_amount") or 0), 0),
        "note": note,
        "installation": installation,
    }


def _of_refund(data: Json) -> dict[str, Any]:
    installation, refund = marks_of(data, REFUND)
    return _of_payment(data) | {"installation": installation, "refund": refund}


def _of_payment(data: Json) -> dict[str, Any]:
    return {"paid_by": _optional_id(data.get("payment_intent")) or _optional_id(data.get("charge"))}


def _of_dispute(data: Json) -> dict[str, Any]:
    evidence = data.get("evidence_details") or {}
    # Zero says that no answer is possible.
    due_by = instant(evidence, "due_by") if evidence.get("due_by") else None
    return _of_payment(data) | {"answer_by_at": due_by}


_PARTICULARS: Mapping[str, Callable[[Json], dict[str, Any]]] = {
    "credit_note": _of_note,
    "refund": _of_refund,
    "dispute": _of_dispute,
}


def _optional_id(reference: str | Json | None) -> str | None:
    return None if reference is None else _id_of(reference)


def _id_of(reference: str | Json) -> str:
    return reference if isinstance(reference, str) else str(reference["id"])
