"""Calls about a draft as a whole, from its creation to its finalization."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from dashboard.billing.models import Invoice
from dashboard.closing.held import closings_held
from dashboard.closing.people import why_people_wait
from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import DraftTerms, InvoiceDraft
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.missing import forget_draft
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.stripe_calls.of_draft import AnsweredByDraft


@dataclass(frozen=True, slots=True)
class CreateDraft(AnsweredByDraft):
    """Make the empty draft."""

    operation = "create_invoice"
    draft: InvoiceDraft
    # As what its lines are going to be taxed.
    product: str = ""

    @classmethod
    def read(cls, body: Body) -> Self:
        told = {**body, "finalizes_at": _instant(body["finalizes_at"])}
        product = told.pop("product", "")
        return cls(InvoiceDraft(**told), product)

    def body(self) -> dict[str, Any]:
        told = asdict(self.draft) | {"finalizes_at": _text(self.draft.finalizes_at)}
        if not self.draft.automatic_tax:
            # As releases know it that have no tax.
            del told["automatic_tax"]
        elif self.product:
            told["product"] = self.product
        return told

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.create_invoice(self.draft, key=sending.key)

    def keep(self, invoice: Invoice) -> None:
        draft = self.draft
        invoice.agreed_terms = asdict(
            DraftTerms(draft.collection_method, draft.days_until_due, draft.description)
        )
        invoice.agreed_tax = draft.automatic_tax
        invoice.agreed_tax_product = self.product or None

    def read_back(self, work: DraftWork) -> None:
        found = work.gateway.find_invoice(self.draft)
        if found is not None:
            record_invoice(work, found)
            self.keep(work.invoice)


@dataclass(frozen=True, slots=True)
class OfInvoice(AnsweredByDraft):
    """A call about an invoice that is at Stripe."""

    invoice_id: str

    @property
    def about(self) -> str:
        return self.invoice_id

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(**body)

    def body(self) -> dict[str, Any]:
        return asdict(self)

    def read_back(self, work: DraftWork) -> StripeCall[DraftWork] | None:
        record_invoice(work, work.gateway.invoice(self.invoice_id))
        return None


@dataclass(frozen=True, slots=True)
class SetTerms(OfInvoice):
    """Set how the draft is collected, and what it says of its days.

    Neither can be read back. Set again, they are the same.
    """

    operation = "set_terms"
    collection_method: str
    days_until_due: int | None
    # None in a step that an older release wrote.
    description: str | None = None

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.set_terms(self.invoice_id, self._terms, key=sending.key)

    def keep(self, invoice: Invoice) -> None:
        invoice.agreed_terms = asdict(self._terms)

    @property
    def _terms(self) -> DraftTerms:
        return DraftTerms(self.collection_method, self.days_until_due, self.description)


@dataclass(frozen=True, slots=True)
class SetTax(OfInvoice):
    """Have Stripe work tax out for the draft, or not. The reply says whether it does.

    `product` is as what the lines were sent; empty in a step that an older release wrote.
    """

    operation = "set_tax"
    is_on: bool
    product: str = ""

    def body(self) -> dict[str, Any]:
        told = asdict(self)
        if not self.product:
            del told["product"]
        return told

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.set_automatic_tax(self.invoice_id, is_on=self.is_on, key=sending.key)

    def keep(self, invoice: Invoice) -> None:
        invoice.agreed_tax = self.is_on
        invoice.agreed_tax_product = self.product or None

    def read_back(self, work: DraftWork) -> None:
        """See whether it does; where not, the plan says that it is to be told again."""
        record_invoice(work, work.gateway.invoice(self.invoice_id))
        if bool(work.invoice.stripe_automatic_tax) == self.is_on:
            self.keep(work.invoice)


@dataclass(frozen=True, slots=True)
class Schedule(OfInvoice):
    """Set when Stripe finalizes the draft without us; None: not at all."""

    operation = "schedule"
    at: datetime | None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(body["invoice_id"], _instant(body["at"]))

    def body(self) -> dict[str, Any]:
        return {"invoice_id": self.invoice_id, "at": _text(self.at)}

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.schedule_finalization(self.invoice_id, self.at, key=sending.key)

    def read_back(self, work: DraftWork) -> StripeCall[DraftWork] | None:
        """See what the schedule is; where the call did not set it, it is set now."""
        record_invoice(work, work.gateway.invoice(self.invoice_id))
        invoice = work.invoice
        may_run = self.at is None or invoice.parked_at is None
        is_draft = invoice.stripe_status == "draft"
        is_set = invoice.automatically_finalizes_at == self.at
        return self if is_draft and may_run and not is_set else None


@dataclass(frozen=True, slots=True)
class Finalize(OfInvoice):
    """Issue the invoice."""

    operation = "finalize"

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.finalize(self.invoice_id, key=sending.key)

    def is_still_wanted(self, work: DraftWork) -> bool:
        # Whether Stripe has it is seen by reading it: sent again, it would be issued in a pause,
        # or though a person came to hold it.
        return closings_held(now=work.clock()) is None and why_people_wait(work.invoice) is None


@dataclass(frozen=True, slots=True)
class DeleteDraft(OfInvoice):
    """Delete the draft. One that is gone already is what was asked for."""

    operation = "delete_invoice"

    def send(self, gateway: Gateway, _sending: Sending) -> Reply:
        with suppress(Missing):
            gateway.delete_draft(self.invoice_id)
        return None

    def take_over(self, work: DraftWork, _reply: Reply) -> None:
        extend(work.lease, now=work.clock())
        forget_draft(work.invoice)

    def read_back(self, work: DraftWork) -> None:
        try:
            work.gateway.invoice(self.invoice_id)
        except Missing:
            extend(work.lease, now=work.clock())
            forget_draft(work.invoice)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
