"""Stripe's JSON to our records; shapes of API version 2026-10-28."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.clock import from_timestamp
from dashboard.gateway.addresses import address_of
from dashboard.gateway.after_issue import parse_payment
from dashboard.gateway.answers import Answer
from dashboard.gateway.billed_to import billed_to
from dashboard.gateway.customer_records import RemoteCard, RemoteCustomer
from dashboard.gateway.errors import NotAnEvent
from dashboard.gateway.event_records import RemoteEndpoint, RemoteEvent
from dashboard.gateway.marks import (
    INVOICE,
    ITEM,
    OLD_INVOICE,
    OLD_ITEM,
    OLD_ORGANIZATION,
    ORGANIZATION,
    ledger_marks,
    marks_of,
    metadata_of,
)
from dashboard.gateway.odd import (
    END_OF_TIME,
    MOST_OF_A_NUMBER,
    MOST_OF_A_WORD,
    MOST_OF_AN_ID,
    cut,
    instant,
    moment,
    one_of,
    whole,
)
from dashboard.gateway.records import RemoteInvoice, RemoteLine
from dashboard.gateway.taxes import automatic_tax, discounts_of, tax_within, taxes

Json = Mapping[str, Any]

# What Stripe is asked to speak, and to write events in.
API_VERSION = "2026-10-28.endive"

# What the inbox and the invoices have room for.
MOST_OF_A_TYPE = 80
MOST_OF_A_KEY = 120
MOST_OF_A_BRAND = 40
MOST_OF_LAST_DIGITS = 8
STATUSES = ("draft", "open", "paid", "uncollectible", "void")


def parse_customer(data: Json, request_id: str | None = None) -> RemoteCustomer:
    """Return the customer in `data`."""
    installation, organization = marks_of(data, ORGANIZATION, OLD_ORGANIZATION)
    card = (data.get("invoice_settings") or {}).get("default_payment_method")
    return RemoteCustomer(
        data["id"],
        organization,
        installation,
        request_id,
        default_card=None if card is None else _id_of(card),
        name=data.get("name"),
        email=data.get("email"),
        is_deleted=bool(data.get("deleted")),
        created_at=instant(data, "created"),
        marks=ledger_marks(data),
        address=address_of(data.get("address")),
        tax_exempt=data.get("tax_exempt"),
    )


def parse_card(data: Json, before: Json) -> RemoteCard:
    """Return the payment method in `data`; `before` is what an event says that it was."""
    card = data.get("card") or {}
    return RemoteCard(
        id=data["id"],
        customer_id=_reference(data.get("customer")),
        was_of_id=_reference(before.get("customer")),
        brand=cut(card.get("brand"), MOST_OF_A_BRAND),
        last4=cut(card.get("last4"), MOST_OF_LAST_DIGITS),
        exp_month=card.get("exp_month"),
        exp_year=card.get("exp_year"),
    )


def parse_line(data: Json) -> RemoteLine:
    """Return the line in `data`."""
    metadata = metadata_of(data)
    parent = data.get("parent") or {}
    of = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    return RemoteLine(
        id=data["id"],
        # A longer one is none of ours.
        key=_short(metadata.get(ITEM), MOST_OF_A_KEY),
        old_key=_short(metadata.get(OLD_ITEM), MOST_OF_A_KEY),
        amount_cents=whole(data, "amount"),
        description=data.get("description") or "",
        period_start=moment(data["period"], "start"),
        period_end=moment(data["period"], "end"),
        subscription_id=_reference(of.get("subscription")),
        is_proration=bool(of.get("proration")),
        discount_cents=discounts_of(data),
        tax_within_cents=tax_within(data),
    )


def parse_invoice(
    data: Json,
    request_id: str | None = None,
    *,
    event_id: str | None = None,
    as_of: datetime | None = None,
) -> RemoteInvoice:
    """Return the invoice in `data`, with the lines it embeds (ten at the most)."""
    moved = data.get("status_transitions") or {}
    before_tax = data.get("total_excluding_tax")
    # Where none are embedded there may be any number.
    lines = data.get("lines") or {"data": [], "has_more": True}
    installation, invoice = marks_of(data, INVOICE, OLD_INVOICE)
    is_taxed, tax_status = automatic_tax(data)
    of = (data.get("parent") or {}).get("subscription_details") or {}
    return RemoteInvoice(
        id=data["id"],
        status=one_of(data, "status", STATUSES),
        customer_id=_id_of(data["customer"]),
        installation=installation,
        invoice=invoice,
        currency=data["currency"],
        total_cents=whole(data, "total" if before_tax is None else "total_excluding_tax"),
        auto_advance=bool(data.get("auto_advance")),
        # Without `auto_advance` a schedule never fires.
        automatically_finalizes_at=(
            instant(data, "automatically_finalizes_at") if data.get("auto_advance") else None
        ),
        number=cut(data.get("number"), MOST_OF_A_NUMBER),
        hosted_invoice_url=data.get("hosted_invoice_url"),
        invoice_pdf_url=data.get("invoice_pdf"),
        amount_due_cents=whole(data, "amount_due"),
        amount_remaining_cents=whole(data, "amount_remaining"),
        amount_paid_cents=whole(data, "amount_paid"),
        overpaid_cents=whole(data, "amount_overpaid") if data.get("amount_overpaid") else 0,
        paid_off_stripe_cents=data.get("amount_paid_off_stripe"),
        pre_payment_credit_notes_cents=whole(data, "pre_payment_credit_notes_amount"),
        post_payment_credit_notes_cents=whole(data, "post_payment_credit_notes_amount"),
        attempt_count=whole(data, "attempt_count"),
        next_payment_attempt_at=instant(data, "next_payment_attempt"),
        due_at=instant(data, "due_date"),
        created_at=instant(data, "created"),
        finalized_at=instant(moved, "finalized_at"),
        paid_at=instant(moved, "paid_at"),
        voided_at=instant(moved, "voided_at"),
        uncollectible_at=instant(moved, "marked_uncollectible_at"),
        finalization_error=(data.get("last_finalization_error") or {}).get("message"),
        payment_error=(data.get("last_payment_error") or {}).get("message"),
        starting_balance_cents=data.get("starting_balance"),
        ending_balance_cents=data.get("ending_balance"),
        latest_revision=_reference(data.get("latest_revision")),
        from_invoice=_reference((data.get("from_invoice") or {}).get("invoice")),
        tax_cents=0 if before_tax is None else whole(data, "total") - before_tax,
        automatic_tax=is_taxed,
        tax_status=tax_status,
        taxes=taxes(data),
        billed_to=billed_to(data),
        lines=tuple(parse_line(line) for line in lines["data"]),
        has_more_lines=bool(lines.get("has_more")),
        payments=tuple(parse_payment(one) for one in (data.get("payments") or {}).get("data", ())),
        request_id=request_id,
        billing_reason=cut(data.get("billing_reason"), MOST_OF_A_WORD),
        subscription_id=_reference(of.get("subscription")),
        made_at=instant(data, "created"),
        event_id=event_id,
        as_of=as_of,
    )


def parse_answer(answer: Answer) -> RemoteInvoice:
    """Return the invoice that a reply shows."""
    return parse_invoice(answer.data, answer.request_id, as_of=answer.as_of)


def parse_event(data: Any) -> RemoteEvent:
    """Return the event in `data`, keeping the whole of it as its payload.

    Raises `NotAnEvent` with what is wrong where an event could not be told or put in its place; in
    details it is lenient, as old versions of the API have other shapes of them.
    """
    subject = _of(_of(data, "data"), "object")
    if not isinstance(subject, dict):
        raise NotAnEvent("it has no object")
    request = _of(data, "request")
    return RemoteEvent(
        id=_name(data, "id", MOST_OF_AN_ID),
        type=_name(data, "type", MOST_OF_A_TYPE),
        created_at=_created(data),
        livemode=data.get("livemode") is True,
        api_version=_short(data.get("api_version"), 40),
        object_id=_short(subject.get("id"), MOST_OF_AN_ID),
        idempotency_key=_short(_of(request, "idempotency_key"), 255),
        payload=data,
    )


def _of(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, dict) else None


def _name(data: Json, field: str, most: int) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise NotAnEvent(f"its {field} is not text of 1 to {most} characters")
    return value


def _short(value: Any, most: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= most else None


def _created(data: Json) -> datetime:
    seconds = data.get("created")
    if type(seconds) is not int or not 0 <= seconds < END_OF_TIME:
        raise NotAnEvent("its instant is not in seconds since 1970")
    return from_timestamp(seconds)


def _reference(reference: str | Json | None) -> str | None:
    return None if reference is None else _id_of(reference)


def _id_of(reference: str | Json) -> str:
    return reference if isinstance(reference, str) else str(reference["id"])


def parse_endpoint(data: Json) -> RemoteEndpoint:
    """Return the webhook endpoint in `data`."""
    return RemoteEndpoint(
        data["id"],
        data["url"],
        is_enabled=data["status"] == "enabled",
        types=tuple(data["enabled_events"]),
        api_version=data["api_version"],
    )
