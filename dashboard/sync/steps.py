"""Steps: an intended call, committed before it is sent, and how each operation is sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import insert, inspect
from sqlalchemy.orm import make_transient_to_detached

from dashboard.extensions import db
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import (
    CustomerDraft,
    InvoiceDraft,
    LineContent,
    RemoteCustomer,
    RemoteInvoice,
)
from dashboard.statement import Statement, parameter
from dashboard.sync.lease import extend
from dashboard.sync.models import SyncStep
from dashboard.sync.work import Work

Body = Mapping[str, Any]
Reply = RemoteCustomer | RemoteInvoice | None


def intend(work: Work, operation: str, body: Body) -> SyncStep:
    """Return a new step of the run; the caller commits it before sending.

    The key is made from the run and the step, so it is the same on every repetition. Its random
    tail keeps a database restored from a backup from meeting keys that Stripe still remembers.
    """
    now = work.clock()
    extend(work.lease, now=now)
    # Counted up together with the step in each transaction, so it is the number of steps.
    work.run.calls_made += 1
    position = work.run.calls_made
    step = SyncStep(
        organization_id=work.run.organization_id,
        run_id=work.run.id,
        invoice_id=work.invoice.id,
        position=position,
        operation=operation,
        body=dict(body),
        idempotency_key=f"sync-{work.run.id}-{position}-{secrets.token_hex(4)}",
        fence=work.lease.fence,
        attempts=1,
        sent_at=now,
        finished_at=None,
        outcome=None,
        stripe_request_id=None,
        error_code=None,
        error=None,
    )
    insert_step(step)
    work.is_unsettled = True
    return step


def insert_step(step: SyncStep) -> None:
    """Insert a step of which all is said but its id; the session has it as if it had read it."""
    told = {name: getattr(step, name) for name in _TOLD}
    [(step.id,)] = _INSERT.rows(**told | {"body": json.dumps(step.body)})
    make_transient_to_detached(step)
    db.session.add(step)


_TOLD = (
    "organization_id", "run_id", "invoice_id", "position", "operation", "body", "idempotency_key",
    "fence", "attempts", "sent_at",
)  # fmt: skip
_INSERT = Statement(
    insert(SyncStep)
    .values({name: parameter(name, inspect(SyncStep).columns[name].type) for name in _TOLD})
    .returning(SyncStep.id)
)


def send(step: SyncStep, gateway: Gateway) -> Reply:
    """Make the call of a step; the same body and key however often. Raises `GatewayError`."""
    return SENDERS[step.operation](gateway, step.body, step)


def line_body(line: LineContent, line_id: str | None = None) -> dict[str, Any]:
    """Return a line as a step keeps it."""
    return {
        "key": line.key,
        "line_id": line_id,
        "amount_cents": line.amount_cents,
        "description": line.description,
        "period_start": line.period_start.isoformat(),
        "period_end": line.period_end.isoformat(),
        "members": dict(line.members),
    }


def line_content(body: Body) -> LineContent:
    """Return the line a step keeps."""
    return LineContent(
        key=body["key"],
        amount_cents=body["amount_cents"],
        description=body["description"],
        period_start=datetime.fromisoformat(body["period_start"]),
        period_end=datetime.fromisoformat(body["period_end"]),
        members=tuple(body.get("members", {}).items()),
    )


def invoice_draft(body: Body) -> InvoiceDraft:
    """Return the draft that a `create_invoice` step asks for."""
    at = body["finalizes_at"]
    finalizes_at = None if at is None else datetime.fromisoformat(at)
    return InvoiceDraft(**{**body, "finalizes_at": finalizes_at})


def _create_customer(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    return gateway.create_customer(CustomerDraft(**body), key=step.idempotency_key)


def _update_customer(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    return gateway.update_customer(
        body["customer_id"], body["name"], body["email"], key=step.idempotency_key
    )


def _set_terms(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    return gateway.set_terms(
        body["invoice_id"],
        body["collection_method"],
        body["days_until_due"],
        key=step.idempotency_key,
    )


def _create_invoice(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    return gateway.create_invoice(invoice_draft(body), key=step.idempotency_key)


def _add_lines(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    lines = [line_content(line) for line in body["lines"]]
    return gateway.add_lines(
        body["invoice_id"], lines, run=str(step.run_id), key=step.idempotency_key
    )


def _update_lines(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    lines = [(line["line_id"], line_content(line)) for line in body["lines"]]
    return gateway.update_lines(
        body["invoice_id"], lines, run=str(step.run_id), key=step.idempotency_key
    )


def _remove_lines(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    ids = [line["line_id"] for line in body["lines"]]
    return gateway.remove_lines(
        body["invoice_id"], ids, run=str(step.run_id), key=step.idempotency_key
    )


def _schedule(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    at = None if body["at"] is None else datetime.fromisoformat(body["at"])
    return gateway.schedule_finalization(body["invoice_id"], at, key=step.idempotency_key)


def _finalize(gateway: Gateway, body: Body, step: SyncStep) -> Reply:
    return gateway.finalize(body["invoice_id"], key=step.idempotency_key)


def _delete_invoice(gateway: Gateway, body: Body, _step: SyncStep) -> Reply:
    # Already gone, by an earlier sending or by somebody's hand: that is what was asked for.
    with suppress(Missing):
        gateway.delete_draft(body["invoice_id"])
    return None


def _delete_item(gateway: Gateway, body: Body, _step: SyncStep) -> Reply:
    with suppress(Missing):
        gateway.delete_item(body["item_id"])
    return None


SENDERS: Mapping[str, Callable[[Gateway, Body, SyncStep], Reply]] = {
    "create_customer": _create_customer,
    "update_customer": _update_customer,
    "create_invoice": _create_invoice,
    "set_terms": _set_terms,
    "add_lines": _add_lines,
    "update_lines": _update_lines,
    "remove_lines": _remove_lines,
    "schedule": _schedule,
    "finalize": _finalize,
    "delete_invoice": _delete_invoice,
    "delete_item": _delete_item,
}
TERMS_OPERATIONS = ("create_invoice", "set_terms")
LINE_OPERATIONS = ("add_lines", "update_lines", "remove_lines")
