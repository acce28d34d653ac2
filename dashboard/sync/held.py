"""A final run while closings are held: it waits, and Stripe's own schedule waits with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.policy import current_policy
from dashboard.billing.subscription import is_untold, on_theirs
from dashboard.closing.held import Held, closings_held
from dashboard.closing.people import why_people_wait
from dashboard.gateway.errors import Missing, NotEditable
from dashboard.sync.calls import perform
from dashboard.sync.claim import settle_with_theirs
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.missing import resolve_missing
from dashboard.sync.recover_draft import recover_draft
from dashboard.sync.stripe_calls.drafts import Schedule
from dashboard.sync.stripe_draft import hold_unless_scheduled, schedule_again

CODE = "closings_held"
# What holds has no end: Stripe's schedule is moved on by as much, as often as it comes near.
WITHOUT_END = timedelta(days=1)
# Then it is looked at so often; of a hold that ends the sweep knows, and takes up what waited.
LOOKS_AGAIN = timedelta(hours=6)
# What Stripe would issue this soon after the hold could not all be issued by us before.
SPARE = timedelta(hours=6)


def why_held(work: DraftWork) -> Held | None:
    """Return why a final run may not begin; what Stripe finalized itself is taken over anyway."""
    if work.run.trigger != "final" or finalized_at_stripe(work.invoice):
        return None
    return closings_held(now=work.clock()) or held_before_its_seal(work.invoice)


def held_before_its_seal(invoice: Invoice) -> Held | None:
    """Return why people want a bill to wait that is stuck before its sealing, where they do.

    A sealed one is asked about at its end.
    """
    if invoice.status not in ("draft", "closing"):
        return None
    why = why_people_wait(invoice)
    return Held(why[1], None) if why is not None else None


def wait_while_held(work: DraftWork, held: Held) -> None:
    """Let the run wait, not counted as an attempt; raises `GatewayError`.

    Where Stripe would issue the draft itself before the hold's end, its schedule is moved first.
    A draft that is gone needs none; of one that is no draft any longer `NotEditable` tells.
    """
    run, now = work.run, work.clock()
    try:
        recover_draft(work)
        # Stripe issues a subscription's draft within the hour, whatever is held here.
        settle_with_theirs(work)
        if work.invoice.stripe_status not in (None, "draft"):
            raise NotEditable("Stripe's invoice is no longer a draft.")
        if on_theirs(work.invoice):
            schedule_again(work, was_on_hold=False)
        move_schedule(work, schedule_safe_at(held, now))
    except Missing as error:
        resolve_missing(work, error)
    if work.invoice.status != "sealed":
        # One that is stuck before its sealing: its schedule was all that this was about.
        return
    run.state = "retrying"
    run.attempts -= 1
    run.error_code = CODE
    run.error = f"All closings are held, so nothing was sent: {held.reason}"
    run.next_attempt_at = held.until or now + LOOKS_AGAIN


def move_schedule(work: DraftWork, safe: datetime) -> None:
    """Have Stripe issue the draft no sooner than `safe`; raises `GatewayError`."""
    invoice = work.invoice
    at = invoice.automatically_finalizes_at
    if invoice.stripe_invoice_id is None or at is None or at >= safe:
        return
    later = safe + timedelta(hours=current_policy().autofinalize_after_hours)
    later = later.replace(microsecond=0)
    reply = perform(work, Schedule(invoice.stripe_invoice_id, later))
    hold_unless_scheduled(work, reply, later)


def schedule_safe_at(held: Held, now: datetime) -> datetime:
    """Return the time before which Stripe must issue nothing itself while this holds."""
    return (held.until or now + WITHOUT_END) + SPARE


def finalized_at_stripe(invoice: Invoice) -> bool:
    """Whether an event already told that Stripe finalized what the ledger holds open."""
    is_open_here = invoice.status not in FINALIZED and not is_untold(invoice)
    return invoice.stripe_status not in (None, "draft") and is_open_here
