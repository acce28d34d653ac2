"""The money gate: finalize only what equals the ledger to the cent, else hold it and say why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dashboard.billing.difference import DIFFERENTLY
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import close_without_stripe, put_on_hold
from dashboard.billing.subscription import on_theirs
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError, Missing, NotEditable
from dashboard.invariants.hold import DOES_NOT_ADD_UP, why_not_issued
from dashboard.pricing.exact import major_text
from dashboard.sync.added_lines import added_lines
from dashboard.sync.agreed import Agreement, agreement
from dashboard.sync.calls import perform
from dashboard.sync.claim import give_back
from dashboard.sync.compare import Comparison
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import record_invoice
from dashboard.sync.held import wait_while_held, why_held
from dashboard.sync.lease import extend
from dashboard.sync.models import AddedLine
from dashboard.sync.people_gate import wait_for_people
from dashboard.sync.snapshot import Snapshot
from dashboard.sync.stripe_calls.drafts import DeleteDraft, Finalize, Schedule
from dashboard.sync.stripe_draft import schedule_again
from dashboard.sync.taxed import (
    NO_LOCATION,
    NO_TAX_LOCATION,
    NOT_LOCATED,
    NOT_TAXED,
    TAX_DIFFERS,
    carry_credits,
    wait_for_tax,
)
from dashboard.sync.theirs import keep_theirs

TOTAL_DIFFERS = "total_differs"


def finalize(work: DraftWork, comparison: Comparison | None) -> None:
    """Finalize a sealed invoice whose lines were just found equal to the ledger.

    An invoice that bills nothing ends here without Stripe, and none is issued while the money of
    its organization does not add up or people want it to wait. Raises `GatewayError`.
    """
    invoice = work.invoice
    if invoice.status != "sealed" or invoice.parked_at is not None:
        return
    unsound = why_not_issued(invoice)
    if unsound is not None:
        put_on_hold(invoice, DOES_NOT_ADD_UP, unsound, now=work.clock())
        work.checkpoint()
        hold_at_stripe(work)
        return
    taxed = carry_credits(work)
    found = agreement(invoice.id)
    if not found.bills_anything or is_without_lines(taxed, found):
        end_empty(work)
        return
    reason = refusal(invoice, comparison, found)
    # No line tells whether the draft is taxed, nor whether the address still is one that can be.
    if invoice.automatic_tax or (reason is not None and reason[0] == TOTAL_DIFFERS):
        look_at_total(work)
        reason = refusal(invoice, comparison, agreement(invoice.id))
    if reason is not None:
        put_on_hold(invoice, *reason, now=work.clock())
        work.checkpoint()
        hold_at_stripe(work)
        return
    wait_for_tax(invoice)
    issue(work)


def issue(work: DraftWork) -> None:
    """Finalize a proven bill unless people want it to wait, or all closings are held by now."""
    invoice = work.invoice
    if wait_for_people(work):
        hold_at_stripe(work)
        return
    # Asked once more: between the run's first look and this there were calls, and waits for them.
    held = why_held(work)
    if held is not None:
        wait_while_held(work, held)
        return
    perform(work, Finalize(str(invoice.stripe_invoice_id)))
    if on_theirs(invoice) and invoice.stripe_total_cents != invoice.total_cents:
        see_theirs_again(work)
    check_finalized(work)


def is_without_lines(taxed: Snapshot | None, found: Agreement) -> bool:
    """Whether a taxed bill has credits alone, which were all carried, and nothing is on its draft.

    A line that was added at Stripe still waits for a person.
    """
    return taxed is not None and not taxed.desired and not found.added


def look_at_total(work: DraftWork) -> None:
    """Ask Stripe for its total where the last one seen is not the ledger's.

    The reply that showed it may have been lost. Raises `NotEditable` when Stripe acted first.
    """
    work.checkpoint()
    found = work.gateway.invoice(str(work.invoice.stripe_invoice_id))
    if found.status != "draft":
        raise NotEditable("Stripe's invoice is no longer a draft.")
    record_invoice(work, found)
    if on_theirs(work.invoice):
        see_theirs_again(work)


def refusal(
    invoice: Invoice, comparison: Comparison | None, found: Agreement
) -> tuple[str, str] | None:
    """Return why the invoice may not leave, as a code and a sentence; None when it may."""
    if found.added:
        return "foreign_lines", added_reason(invoice, added_lines(invoice.id))
    if comparison is None or comparison.differences:
        return "not_verified", (
            "Stripe's lines could not be proven equal to the ledger. Nothing was billed. Verify "
            "the invoice."
        )
    if not invoice.total_cents == invoice.stripe_total_cents == found.agreed_cents:
        ours, theirs = totals(invoice)
        return TOTAL_DIFFERS, (
            f"The ledger says {ours} and Stripe says {theirs}. Nothing was billed. Verify the "
            "invoice. If it still differs, check the draft at Stripe."
        )
    # Tax that somebody switched on at Stripe for a bill that has none here stays as it is there.
    if invoice.automatic_tax and not invoice.stripe_automatic_tax:
        return TAX_DIFFERS, NOT_TAXED
    if invoice.automatic_tax and invoice.stripe_tax_status == NO_LOCATION:
        return NO_TAX_LOCATION, NOT_LOCATED
    return None


def added_reason(invoice: Invoice, added: Sequence[AddedLine]) -> str:
    """Return why lines added at Stripe hold an invoice, with what they come to."""
    amount = _text(sum(line.amount_cents for line in added), invoice)
    if len(added) == 1:
        found, each = f"a line of {amount} that we did not send", "it"
    else:
        found, each = f"{len(added)} lines that we did not send, {amount} in total", "each"
    return (
        f"Stripe's draft holds {found}. Nothing was billed, and nothing will be until you decide "
        f"what to do with {each}."
    )


def totals(invoice: Invoice) -> tuple[str, str]:
    """Return the invoice's total in the ledger and at Stripe, as people read them."""
    return _text(invoice.total_cents, invoice), _text(invoice.stripe_total_cents or 0, invoice)


def _text(cents: int, invoice: Invoice) -> str:
    return major_text(Decimal(cents), invoice.currency)


def hold_or_let_go(work: DraftWork, *, was_on_hold: bool) -> None:
    """After a sync that finalizes nothing: let Stripe's own schedule stand only where it may.

    While a line added at Stripe is on the draft, Stripe must not bill it by itself; a sealed
    invoice is then put on hold again. Raises `GatewayError`.
    """
    invoice = work.invoice
    added = added_lines(invoice.id)
    if not added:
        schedule_again(work, was_on_hold=was_on_hold)
        return
    if invoice.status == "sealed":
        put_on_hold(invoice, "foreign_lines", added_reason(invoice, added), now=work.clock())
        work.checkpoint()
    hold_at_stripe(work)


def end_empty(work: DraftWork) -> None:
    """End an invoice without lines: its draft at Stripe, if there is one, is deleted."""
    invoice = work.invoice
    if on_theirs(invoice):
        give_back(work)
    elif invoice.stripe_invoice_id is not None:
        perform(work, DeleteDraft(invoice.stripe_invoice_id))
    close_without_stripe(invoice, now=work.clock())


def switch_off(work: DraftWork) -> None:
    """Switch Stripe's own schedule off, where it is on. Raises `GatewayError`."""
    invoice = work.invoice
    if invoice.stripe_invoice_id is None or invoice.automatically_finalizes_at is None:
        return
    perform(work, Schedule(invoice.stripe_invoice_id, None))


def hold_at_stripe(work: DraftWork) -> None:
    """Switch the dead-man switch off while the invoice is held, so that Stripe does not bill it.

    Best effort: when Stripe cannot be told now, the next run of the held invoice tells it.
    """
    try:
        switch_off(work)
    except Missing:
        db.session.flush()
    except GatewayError as error:
        work.run.error = f"{work.run.error or ''} Stripe's own schedule is still on: {error}"


def see_theirs_again(work: DraftWork) -> None:
    """Read the lines once more: metered ones of the subscription move until it is issued."""
    work.checkpoint()
    lines = work.gateway.lines(str(work.invoice.stripe_invoice_id))
    extend(work.lease, now=work.clock())
    keep_theirs(work.invoice, lines)


def check_finalized(work: DraftWork) -> None:
    """Compare once more after the finalization; a difference opens a case."""
    invoice = work.invoice
    if invoice.stripe_total_cents != invoice.total_cents:
        ours, theirs = totals(invoice)
        put_on_hold(
            invoice,
            DIFFERENTLY,
            f"Stripe finalized {theirs}, and the ledger says {ours}. Decide whether the difference "
            "is corrected.",
            now=work.clock(),
        )
