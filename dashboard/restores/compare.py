"""Compare what was made at Stripe since a moment with the ledger; nothing is called or changed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.refund_models import Refund
from dashboard.extensions import db
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.marks import CREDIT_NOTE, INSTALLATION, REFUND, metadata_of
from dashboard.gateway.records import RemoteInvoice
from dashboard.ids import read_id
from dashboard.installation import this_installation
from dashboard.organizations.models import Organization
from dashboard.restores.finding import Finding
from dashboard.restores.models import LedgerMark
from dashboard.sync.models import SyncStep
from dashboard.webhooks.models import WebhookEvent

# Of a call of ours; see `dashboard.sync.steps`. Its step is committed before it is sent, so an
# event with such a key and no step is of a call that the ledger forgot.
OUR_KEY = re.compile(r"(sync-\d+|invoice-\d+-\d+)-\d+-[0-9a-f]{8}")
CREATED: dict[str, tuple[str, str, type[CreditNote] | type[Refund], str]] = {
    "credit_note.created": ("note", CREDIT_NOTE, CreditNote, "credit note"),
    "refund.created": ("refund", REFUND, Refund, "refund"),
}
AT_ONCE = 500


def of_customers(remotes: Sequence[RemoteCustomer]) -> Iterator[Finding]:
    """Yield which of these customers of this installation the ledger does not know."""
    mark = db.session.scalar(select(LedgerMark.stripe_id))
    for remote in remotes:
        if remote.id == mark or remote.marks:
            continue
        organization = _organization(remote.organization)
        if organization is None:
            told = (
                f"Stripe has the customer {remote.id} ({remote.email or 'without e-mail'}) of an "
                "organization that the ledger does not have."
            )
            yield Finding("lost_customer", remote.id, told)
        elif organization.stripe_customer_id == remote.id:
            continue
        elif is_its_customer(organization, remote):
            told = f"Stripe has the customer {remote.id} of {organization.slug}, which has none."
            yield Finding("customer", remote.id, told, organization.id)
        else:
            ours = organization.stripe_customer_id or "none"
            told = (
                f"Stripe has the customer {remote.id} ({remote.email or 'without e-mail'}) with "
                f"the number of {organization.slug}, beside its own ({ours})."
            )
            yield Finding("second_customer", remote.id, told, organization.id)


def of_mark(strangers: Collection[str]) -> Iterator[Finding]:
    """Yield the names on the mark at Stripe that the ledger never wrote."""
    for name in sorted(strangers):
        told = (
            f"Stripe has the mark {name}, which this ledger never wrote: it is older than it was, "
            "or a copy of it writes to the same account."
        )
        yield Finding("mark", name[:64], told)


def is_its_customer(organization: Organization, remote: RemoteCustomer) -> bool:
    """Whether the organization, which has no customer, may take this one over as its own.

    Its number alone does not say so: it may have been another's before the restore.
    """
    return (
        organization.stripe_customer_id is None
        and (remote.email or "").lower() == organization.email.lower()
        and remote.installation == this_installation().identity
        and remote.organization == str(organization.id)
    )


def of_invoices(remotes: Sequence[RemoteInvoice]) -> Iterator[Finding]:
    """Yield which of these invoices of this installation the ledger does not know."""
    for remote in remotes:
        invoice = _invoice(remote)
        if invoice is None or invoice.stripe_invoice_id not in (None, remote.id):
            if invoice is None:
                yield _of_none(remote)
            elif invoice.replaced_stripe_id != remote.id:
                yield _second(remote, invoice)
        elif invoice.stripe_invoice_id is None:
            told = (
                f"Stripe has the {_status(remote)} {remote.id} for {invoice.called} of "
                f"{invoice.organization.slug}, which has none here."
            )
            kind = "draft" if remote.status == "draft" else "issued"
            yield Finding(kind, remote.id, told, invoice.organization_id, invoice.sequence)


def of_events(since: datetime) -> Iterator[Finding]:
    """Yield what events of then and later tell that the ledger does not know.

    The inbox must have them all; what they are about is what their metadata claims.
    """
    ours = this_installation().identity
    query = (
        select(WebhookEvent)
        .where(WebhookEvent.received_at >= since, WebhookEvent.created_at >= since)
        .order_by(WebhookEvent.id)
        .execution_options(yield_per=AT_ONCE)
    )
    for event in db.session.scalars(query):
        told = _object_of(event.payload)
        if metadata_of(told).get(INSTALLATION) == ours:
            yield from _of_event(event, told)


def _of_event(event: WebhookEvent, told: dict[str, Any]) -> Iterator[Finding]:
    stripe_id = str(told.get("id"))
    if event.type in CREATED:
        kind, mark, table, word = CREATED[event.type]
        number = read_id(metadata_of(told).get(mark, ""))
        if number is None or db.session.get(table, number) is None:
            amount = f"{told.get('amount')} {str(told.get('currency', '')).upper()}"
            said = (
                f"Stripe made the {word} {stripe_id} ({amount} in its smallest unit) at "
                f"{event.created_at:%Y-%m-%d %H:%M:%S} UTC, which the ledger does not have."
            )
            yield Finding(kind, stripe_id, said)
        return
    if not event.type.startswith("invoice."):
        return
    invoice = db.session.scalar(select(Invoice).where(Invoice.stripe_invoice_id == stripe_id))
    if invoice is None:
        return
    whose = (invoice.organization_id, invoice.sequence)
    name = f"{invoice.called} of {invoice.organization.slug}"
    if told.get("status") not in ("draft", None) and invoice.status not in FINALIZED:
        if _is_known(event.idempotency_key):
            # A call whose reply was lost, in a ledger that has it: recovering takes it over.
            return
        said = f"Stripe says that {name} is {told['status']}; here it is {invoice.status}."
        yield Finding("issued", stripe_id, said, *whose)
    elif invoice.status not in FINALIZED and _is_forgotten(event.idempotency_key):
        said = f"Stripe's draft of {name} was changed by calls that the ledger does not have."
        yield Finding("changed", stripe_id, said, *whose)


def _is_forgotten(key: str | None) -> bool:
    """Whether it is the key of a call of ours that the ledger has no step of."""
    if key is None or not OUR_KEY.fullmatch(key):
        return False
    return not _is_known(key)


def _is_known(key: str | None) -> bool:
    """Whether it is the key of a call that the ledger has a step of."""
    known = select(SyncStep.id).where(SyncStep.idempotency_key == key)
    return key is not None and db.session.scalar(known) is not None


def _second(remote: RemoteInvoice, invoice: Invoice) -> Finding:
    told = (
        f"Stripe has the {_status(remote)} {remote.id} for {invoice.called} of "
        f"{invoice.organization.slug}, beside its own ({invoice.stripe_invoice_id})."
    )
    whose = (invoice.organization_id, invoice.sequence)
    return Finding(_kind_of(remote, "second_draft"), remote.id, told, *whose)


def _of_none(remote: RemoteInvoice) -> Finding:
    told = (
        f"Stripe has the {_status(remote)} {remote.id} of the customer {remote.customer_id}, for "
        "an invoice that the ledger does not have."
    )
    return Finding(_kind_of(remote, "lost_draft"), remote.id, told)


def _kind_of(remote: RemoteInvoice, of_drafts: str) -> str:
    if remote.status != "draft":
        return "lost_invoice"
    # Stripe deletes no draft of a subscription, whose own lines may not be lost either.
    return of_drafts if remote.subscription_id is None else "lost_share"


def _invoice(remote: RemoteInvoice) -> Invoice | None:
    """Return our invoice: by Stripe's name, or by its number where the customer may be its own."""
    stored = select(Invoice).where(Invoice.stripe_invoice_id == remote.id)
    found = db.session.scalar(stored)
    number = read_id(remote.invoice or "")
    if found is not None or number is None:
        return found
    claimed = db.session.get(Invoice, number)
    if claimed is None or claimed.organization.stripe_customer_id not in (
        None,
        remote.customer_id,
    ):
        return None
    return claimed


def _organization(number: str | None) -> Organization | None:
    read = read_id(number or "")
    return db.session.get(Organization, read) if read else None


def _status(remote: RemoteInvoice) -> str:
    return "draft" if remote.status == "draft" else f"{remote.status} invoice"


def _object_of(payload: Any) -> dict[str, Any]:
    data = payload.get("data") if isinstance(payload, dict) else None
    found = data.get("object") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}
