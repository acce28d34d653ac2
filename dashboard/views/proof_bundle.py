"""The bundle that proves a bill: one ZIP with the document, the lines, what they follow from, and
what Stripe told. What is in it is told by its README.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.notes import issued_notes
from dashboard.currencies import minor_digits
from dashboard.errors import Conflict
from dashboard.extensions import current_config
from dashboard.money import Money
from dashboard.pricing.exact import plain
from dashboard.reading.items import BilledItems, items_of_invoice
from dashboard.reading.proof import Proof, proof_of
from dashboard.reading.zipped import MANIFEST, File, zipped
from dashboard.views.exports import Rows, csv_lines, invoice_rows
from dashboard.views.formatting import machine, money
from dashboard.views.paper import paper_of
from dashboard.views.paper_pdf import pdf_of
from dashboard.webhooks.models import WebhookEvent

T = TypeVar("T")
KEYS_TO_PAY = frozenset(("client_secret", "hosted_invoice_url", "invoice_pdf", "receipt_url"))


class NotIssued(Conflict):
    """The invoice is not issued yet."""

    code = "not_issued"


ABOUT = {
    "invoice.pdf": "The invoice as the customer gets it.",
    "items.csv": "Its lines; amounts are in currency units and add up to its total before tax.",
    "calculation.jsonl": "How each line's amount was worked out, step by step, a line each.",
    "usage.csv": "Each usage record that its prices count, as it was reported and when it was "
    "received, up to its closing. What has an entry under taken_off was not billed; "
    "what was taken off after the closing was, and is given back on a later invoice.",
    "prices.csv": "The versions of the prices that it bills. A version never changes.",
    "services.csv": "The services that it bills, from when to when, and their quantities.",
    "payments.csv": "What paid it, and what followed: refunds, disputes, credit notes.",
    "audit.jsonl": "What is on record of it and of its services: who did what, when and why. "
    "Entries never change.",
    "events.jsonl": "Stripe's events about it and its payments, as they were sent but for secrets "
    "and addresses to pay at, for as long as they are kept.",
    MANIFEST: "The checksums of all the other files: sha256sum --check SHA256SUMS",
}


def bundle_of(invoice: Invoice, *, checkpoint: Callable[[], None]) -> Iterator[bytes]:
    """Return the ZIP of an issued invoice, to be sent as it is made; equal facts are equal bytes.

    What is short is read now, and the rest while it is sent; no transaction is open meanwhile.
    Raises `NotIssued`, and `PressIsBusy` as the document does.
    """
    if invoice.finalized_at is None or invoice.stripe_invoice_id is None:
        raise NotIssued(
            f"{invoice.called} is not issued, so there is nothing to prove. Nothing was changed."
        )
    found, proof = items_of_invoice(invoice, with_lines=False), proof_of(invoice)
    # As of its issue: what is past due by today is no part of what proves it.
    at, seller = invoice.finalized_at, current_config().seller
    paper = paper_of(invoice, found, seller, credits_since=issued_notes(invoice), now=at)
    files = list(_files(invoice, found, proof))
    checkpoint()
    files.insert(1, File("invoice.pdf", [pdf_of(paper, is_dated=False)]))
    return zipped(files)


def name_of(invoice: Invoice) -> str:
    """Return what the download is called."""
    called = f"{invoice.organization.slug}-{invoice.number or invoice.sequence}-proof"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", called) + ".zip"


def _files(invoice: Invoice, found: BilledItems, proof: Proof) -> Iterator[File]:
    """Yield the files: what the session holds as text, the long parts to be read when sent."""
    yield File("README.txt", [_readme(invoice).encode()])
    yield _table("items.csv", invoice_rows(invoice, found.items))
    yield File("calculation.jsonl", _json(map(_calculation, _each(proof.calculations))))
    yield File("usage.csv", _csv(_usage_rows(proof)))
    yield _table("prices.csv", _price_rows(proof))
    yield _table("services.csv", _service_rows(proof))
    yield _table("payments.csv", _payment_rows(proof))
    yield File("audit.jsonl", _json(map(_act, _each(proof.audit))))
    yield File("events.jsonl", _json(map(_event, _each(proof.events))))


def _readme(invoice: Invoice) -> str:
    issued = machine(invoice.finalized_at or invoice.period_end)
    total = money(invoice.total_cents, invoice.currency)
    head = (
        f"Invoice {invoice.number or invoice.sequence} of {invoice.organization.name}",
        f"Period: {machine(invoice.period_start)} to, not with, {machine(invoice.period_end)}",
        f"Issued: {issued}; total before tax: {total}",
        f"At Stripe: {invoice.stripe_invoice_id}",
        "All times are UTC.",
        "",
    )
    return "\n".join([*head, *(f"{name}: {about}" for name, about in ABOUT.items()), ""])


def _price_rows(proof: Proof) -> Rows:
    yield (
        "price", "name", "kind", "meter", "unit", "currency", "in_force_from", "made_at", "model",
        "unit_amount", "allowance", "per", "tiers",
    )  # fmt: skip
    for one in proof.versions:
        price = one.price
        yield (
            price.code, price.name, price.kind, price.meter or "", price.unit_label,
            price.currency.upper(), machine(one.effective_at), machine(one.created_at), one.model,
            plain(one.unit_amount.scaleb(-minor_digits(price.currency))), plain(one.allowance),
            "" if one.package_size is None else plain(one.package_size), json.dumps(one.tiers),
        )  # fmt: skip


def _service_rows(proof: Proof) -> Rows:
    yield ("service", "label", "price", "attached_at", "detached_at", "from", "quantity", "told_at")
    for change in proof.changes:
        one = change.service
        ended = "" if one.detached_at is None else machine(one.detached_at)
        yield (
            one.external_id or one.id, one.label, one.price.code, machine(one.attached_at), ended,
            machine(change.effective_at), plain(change.quantity), machine(change.created_at),
        )  # fmt: skip


def _payment_rows(proof: Proof) -> Rows:
    currency = proof.invoice.currency
    yield (
        "what", "id", "payment", "status", "amount", "currency", "at", "reason", "answer_by",
        "told_at",
    )  # fmt: skip
    for one in proof.payments:
        yield (
            "payment outside Stripe" if one.off_stripe else "payment", one.stripe_id,
            one.paid_by or "", "paid" if one.is_paid else "open",
            Money(one.amount_paid_cents, currency).major, currency.upper(), "", "", "", "",
        )  # fmt: skip
    for row in proof.corrections:
        yield (
            row.kind.replace("_", " "), row.stripe_id, row.paid_by or "", row.status,
            Money(row.amount_cents, currency).major, currency.upper(), machine(row.made_at),
            row.reason or "", "" if row.answer_by_at is None else machine(row.answer_by_at),
            "" if row.told_at is None else machine(row.told_at),
        )  # fmt: skip


def _usage_rows(proof: Proof) -> Rows:
    yield (
        "recorded_at", "received_at", "meter", "price", "service", "quantity", "key", "taken_off",
    )  # fmt: skip
    for one in proof.usage():
        yield (
            machine(one.recorded_at), machine(one.received_at), one.meter, one.price,
            one.service or "", plain(one.quantity), one.key, one.taken_off or "",
        )  # fmt: skip


def _calculation(item: InvoiceItem) -> Mapping[str, object]:
    return {
        "item": item.key,
        "kind": item.kind,
        "description": item.description,
        "amount_cents": item.amount_cents,
        "trace": item.trace,
    }


def _act(entry: AuditEntry) -> Mapping[str, object]:
    return {
        "id": entry.id,
        "at": machine(entry.at),
        "actor": {"kind": entry.actor_kind, "label": entry.actor_label},
        "action": entry.action,
        "subject": {"type": entry.subject_type, "id": entry.subject_id},
        "reason": entry.reason,
        "facts": entry.facts,
    }


def _event(event: WebhookEvent) -> Mapping[str, object]:
    return {
        "id": event.stripe_event_id,
        "type": event.type,
        "created_at": machine(event.created_at),
        "received_at": machine(event.received_at),
        "api_version": event.api_version,
        "payload": without_keys_to_pay(event.payload),
    }


def without_keys_to_pay(told: Any) -> Any:
    """Return what Stripe told without what lets whoever reads it pay, or see the customer's page.

    A bank passes the bundle on, and Stripe's addresses ask nobody who they are.
    """
    if isinstance(told, dict):
        kept = {name: value for name, value in told.items() if name not in KEYS_TO_PAY}
        return {name: without_keys_to_pay(value) for name, value in kept.items()}
    if isinstance(told, list):
        return [without_keys_to_pay(one) for one in told]
    return told


def _table(name: str, rows: Rows) -> File:
    """Return a short table, made now: it is of rows that the request's session holds."""
    return File(name, list(_csv(rows)))


def _csv(rows: Rows) -> Iterator[bytes]:
    return (line.encode() for line in csv_lines(rows))


def _json(objects: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    return (f"{json.dumps(one, ensure_ascii=False, sort_keys=True)}\n".encode() for one in objects)


def _each(read: Callable[[], Iterator[T]]) -> Iterator[T]:
    """Yield what is read, beginning when it is asked for."""
    yield from read()
