"""The money gate: finalize only what equals the ledger to the cent, else park and say why."""

from __future__ import annotations

from dashboard.billing.models import Invoice
from dashboard.billing.outcome import park, settle_without_stripe
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError, Missing
from dashboard.sync.calls import perform
from dashboard.sync.compare import Comparison
from dashboard.sync.effects import agreed_total
from dashboard.sync.foreign import foreign_lines
from dashboard.sync.snapshot import bills_anything
from dashboard.sync.work import Work


def finalize(work: Work, comparison: Comparison | None) -> None:
    """Finalize a sealed invoice whose lines were just found equal to the ledger.

    An invoice that bills nothing ends here without Stripe. Raises `GatewayError`.
    """
    invoice = work.invoice
    if invoice.status != "sealed" or invoice.parked_at is not None:
        return
    if not bills_anything(invoice.id):
        end_empty(work)
        return
    reason = refusal(invoice, comparison)
    if reason is not None:
        park(invoice, *reason, now=work.clock())
        work.checkpoint()
        hold_at_stripe(work)
        return
    perform(work, "finalize", {"invoice_id": invoice.stripe_invoice_id})
    check_finalized(work)


def refusal(invoice: Invoice, comparison: Comparison | None) -> tuple[str, str] | None:
    """Return why the invoice may not leave, as a code and a sentence; None when it may."""
    foreign = foreign_lines(invoice.id)
    if foreign:
        cents = sum(line.amount_cents for line in foreign)
        return "foreign_lines", (
            f"Stripe's draft has {len(foreign)} line(s) that are not ours, together {cents} minor "
            "units. Nothing was billed. Decide for each: take ours, adopt theirs, or leave."
        )
    if comparison is None or comparison.differences:
        return "not_verified", (
            "Stripe's lines could not be shown to equal the ledger. Nothing was billed. Verify it."
        )
    if not invoice.total_cents == invoice.stripe_total_cents == agreed_total(invoice.id):
        return "total_differs", (
            f"The ledger says {invoice.total_cents} and Stripe {invoice.stripe_total_cents} minor "
            "units. Nothing was billed. Verify it; if it stays, somebody must look at the draft."
        )
    return None


def end_empty(work: Work) -> None:
    """End an invoice without lines: its draft at Stripe, if there is one, is deleted."""
    invoice = work.invoice
    if invoice.stripe_invoice_id is not None:
        perform(work, "delete_invoice", {"invoice_id": invoice.stripe_invoice_id})
    settle_without_stripe(invoice, now=work.clock())


def hold_at_stripe(work: Work) -> None:
    """Switch the dead-man switch off while the invoice is parked, so that Stripe does not bill it.

    Best effort: when Stripe can not be told now, the next run of the parked invoice tells it.
    """
    invoice = work.invoice
    if invoice.stripe_invoice_id is None or invoice.automatically_finalizes_at is None:
        return
    try:
        perform(work, "schedule", {"invoice_id": invoice.stripe_invoice_id, "at": None})
    except Missing:
        db.session.flush()
    except GatewayError as error:
        work.run.error = f"{work.run.error or ''} Stripe's own schedule still stands: {error}"


def check_finalized(work: Work) -> None:
    """Compare once more after the finalization; a difference opens a case."""
    invoice = work.invoice
    if invoice.stripe_total_cents != invoice.total_cents:
        park(
            invoice,
            "billed_differently",
            f"Stripe finalized {invoice.stripe_total_cents} and the ledger says "
            f"{invoice.total_cents} minor units. Correct it with a credit note at Stripe or a "
            "charge on the current invoice.",
            now=work.clock(),
        )
