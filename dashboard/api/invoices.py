"""Invoices: the current one with its forecast, past ones, one with its lines."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body, read_query
from dashboard.api.refunds import told_refunds
from dashboard.api.schemas.credit_notes import CreditNoteOut
from dashboard.api.schemas.invoices import (
    CurrentInvoice,
    InvoiceDetail,
    InvoiceList,
    InvoiceOut,
    InvoiceQuery,
    ItemOut,
    VoidDecisionIn,
    VoidOut,
)
from dashboard.api.schemas.moments import BillThenOut, MomentQuery
from dashboard.api.schemas.reissues import ReissueOut
from dashboard.billing.credit_notes import notes_of
from dashboard.billing.draft import current_invoice
from dashboard.billing.forecast import forecast
from dashboard.billing.overview import finished_of, invoice_by_sequence, items_of_total
from dashboard.billing.reissue import reissues_of
from dashboard.billing.void_decide import decide_void
from dashboard.billing.void_listing import void_case_of
from dashboard.clock import utc_now
from dashboard.installation import this_installation
from dashboard.money import Money
from dashboard.paging import older_than
from dashboard.reading.moment import bill_then

bp = Blueprint("invoices", __name__, url_prefix="/organizations/<slug>")


@bp.get("/current-invoice")
@permission("api.invoices.read")
@operation(Operation("Read the current invoice with its forecast", {200: CurrentInvoice}))
def current(slug: str) -> Response:
    """Read the draft: what is owed right now."""
    invoice = current_invoice(caller.counted_organization(slug))
    items = [ItemOut.of(item) for item in items_of_total(invoice)]
    expected = forecast(invoice, now=utc_now())
    return answer(
        CurrentInvoice.model_construct(
            **InvoiceOut.facts(invoice),
            items=items,
            forecast_cents=expected.likely_cents,
            forecast_low_cents=expected.low_cents,
            forecast_high_cents=expected.high_cents,
            forecast_is_rough=expected.is_too_early,
            forecast_excludes=list(expected.excluded),
            last_cycle_cents=expected.last_cycle_cents,
        )
    )


@bp.get("/invoices")
@permission("api.invoices.read")
@operation(Operation("List past invoices", {200: InvoiceList}, query=InvoiceQuery))
def index(slug: str) -> Response:
    """List the invoices before the current one."""
    wanted = read_query(InvoiceQuery)
    found = finished_of(caller.counted_organization(slug), older_than(wanted.before))
    rows = [InvoiceOut.model_construct(**InvoiceOut.facts(invoice)) for invoice in found.rows]
    oldest = found.rows[-1].id if found.next else None
    return answer(InvoiceList(invoices=rows, before=oldest))


@bp.get("/invoices/<int:sequence>")
@permission("api.invoices.read")
@operation(Operation("Read an invoice with its lines", {200: InvoiceDetail}))
def show(slug: str, sequence: int) -> Response:
    """Read one invoice by its number in the organization's sequence."""
    invoice = invoice_by_sequence(caller.counted_organization(slug), sequence)
    items = [ItemOut.of(item) for item in items_of_total(invoice)]
    case = void_case_of(invoice)
    return answer(
        InvoiceDetail.model_construct(
            **InvoiceOut.facts(invoice),
            items=items,
            void=VoidOut.of(case) if case else None,
            credit_notes=[CreditNoteOut.of(note) for note in notes_of(invoice)],
            reissues=[ReissueOut.of(reissue) for reissue in reissues_of(invoice)],
            refunds=told_refunds(invoice),
        )
    )


@bp.get("/invoices/<int:sequence>/then")
@permission("api.invoices.read")
@operation(Operation("Read an invoice as it was", {200: BillThenOut}, query=MomentQuery))
def then(slug: str, sequence: int) -> Response:
    """Read what was on an invoice at a moment since it was opened, and what Stripe held."""
    wanted = read_query(MomentQuery)
    invoice = invoice_by_sequence(caller.counted_organization(slug), sequence)
    since = this_installation().history_since
    return answer(BillThenOut.of(bill_then(invoice, wanted.at, since=since, now=utc_now())))


@bp.post("/invoices/<int:sequence>/void-decisions")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Bill a void invoice on the current invoice, or write it off",
        {200: VoidOut},
        body=VoidDecisionIn,
    )
)
def decide(slug: str, sequence: int) -> Response:
    """Decide on a void invoice, once; the same decision again changes nothing."""
    wanted = read_body(VoidDecisionIn)
    invoice = invoice_by_sequence(caller.organization(slug), sequence)
    seen = Money(wanted.cents, invoice.currency)
    caller.require_below_limit(seen)
    case = decide_void(
        invoice,
        wanted.decision,
        seen=seen,
        reason=wanted.reason or "",
        actor=caller.actor(),
        now=utc_now(),
    )
    return answer(VoidOut.of(case))
