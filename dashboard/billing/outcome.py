"""What became of an invoice at Stripe: its status moves forward by rank, whoever tells it; its
details are those that Stripe told last.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from dashboard.audit.actor import STRIPE, SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.details import details, keep_details
from dashboard.billing.difference_void import lose_ground
from dashboard.billing.mailing import mail_issued, mail_paid
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.reissue_end import end_with_void
from dashboard.billing.subscription import is_untold, without_theirs
from dashboard.billing.telling import tell_finalized, tell_paid, tell_void
from dashboard.billing.uncharged import note_uncharged
from dashboard.billing.void import open_case
from dashboard.billing.waived import count_waived_anew
from dashboard.gateway.records import RemoteInvoice
from dashboard.pricing.exact import major_text

# Paid and void are both final; between the two whatever came first stands.
RANK = {"draft": 0, "open": 1, "uncollectible": 2, "paid": 3, "void": 3}
WENT_BACK = "status_went_back"
# The hold of an issued invoice that Stripe does not have.
LOST = "lost_at_stripe"
LEFT_UNTAXED = "left_untaxed"
_WITHOUT_TAX = (
    "Stripe issued this bill without tax, and it was to have tax. Void and reissue it to bill it "
    "with tax, or leave it as it is."
)
# older: nothing was changed. unsure: nothing was changed, only a reading can tell which is newer.
Heard = Literal["older", "unsure", "told", "moved"]


def record_remote(
    invoice: Invoice, remote: RemoteInvoice, *, now: datetime, is_last: bool = False
) -> Heard:
    """Take over what Stripe says of `invoice`, unless something newer is known.

    `is_last` says that nothing newer can be known: it was read for that purpose. An invoice that
    the ledger still holds open is not moved here: that is a reconciliation, not a report. Nor is
    one that is void because a revision replaced it: what it asked for is still asked for.
    """
    if is_untold(invoice) and remote.status != "draft":
        return _of_theirs_alone(invoice, remote)
    remote = without_theirs(invoice, remote)
    if remote.status == "void" and remote.latest_revision is not None:
        return _replaced(invoice, remote)
    heard = "told" if is_last else order(invoice, remote)
    if heard in ("older", "unsure"):
        return heard
    invoice.stripe_status = remote.status
    invoice.stripe_total_cents = remote.total_cents
    invoice.automatically_finalizes_at = remote.automatically_finalizes_at
    invoice.stripe_automatic_tax = remote.automatic_tax
    invoice.stripe_tax_status = remote.tax_status
    if remote.automatically_finalizes_at is not None:
        invoice.restores_schedule = False
    if remote.as_of is not None:
        invoice.stripe_told_at = max(remote.as_of, invoice.stripe_told_at or remote.as_of)
        invoice.stripe_told_by = remote.told_by
    if remote.status == "draft":
        return "told"
    keep_details(invoice, remote, now=now)
    moved = _move(invoice, remote, now)
    note_uncharged(invoice, now=now)
    if not moved:
        count_waived_anew(invoice)
    _look_back(invoice, remote, now)
    hold_if_untaxed(invoice, now=now)
    return "moved" if moved else "told"


def record_reading(invoice: Invoice, remote: RemoteInvoice, *, now: datetime) -> Heard:
    """Take over what was just read; where order cannot tell, the reading is the newer."""
    heard = record_remote(invoice, remote, now=now)
    return record_remote(invoice, remote, now=now, is_last=True) if heard == "unsure" else heard


def _of_theirs_alone(invoice: Invoice, remote: RemoteInvoice) -> Heard:
    """Leave a subscription's invoice that was issued without ours to the sync, which goes alone."""
    invoice.stripe_status = remote.status
    return "older"


def _replaced(invoice: Invoice, remote: RemoteInvoice) -> Heard:
    """Leave a revised invoice to who can read its revision; an unfinished one is reconciled."""
    if invoice.status not in FINALIZED:
        invoice.stripe_status = remote.status
    return "older"


def order(invoice: Invoice, remote: RemoteInvoice) -> Heard:
    """Return whether `remote` is older or newer ("told") than what is known, or "unsure".

    Rank and time go together in the normal course. An event is of the second in which the invoice
    looked so; a reply is of that second or later, so that its rank counts more.
    """
    rank, known = RANK[remote.status], RANK[invoice.stripe_status or "draft"]
    told_at = invoice.stripe_told_at or last_moved_at(invoice)
    if invoice.status not in FINALIZED or told_at is None:
        # Nothing that could be older was kept of it yet.
        return "told" if rank >= known else "older"
    if remote.as_of is None:
        return "told" if rank > known else "older"
    if remote.as_of == told_at:
        return _of_one_second(invoice, remote, rank - known)
    newer = remote.as_of > told_at
    if rank == known:
        return "told" if newer else "older"
    if rank > known:
        return "told" if newer or not remote.is_event else "unsure"
    return "unsure" if newer else "older"


def _of_one_second(invoice: Invoice, remote: RemoteInvoice, step: int) -> Heard:
    if step:
        return "told" if step > 0 else "older"
    if invoice.stripe_told_at is None:
        return "told"
    is_known = all(getattr(invoice, name) == value for name, value in details(remote).items())
    return "older" if is_known and remote.status == invoice.stripe_status else "unsure"


def last_moved_at(invoice: Invoice) -> datetime | None:
    """Return when the invoice last moved: the order of one that was last told of long ago."""
    return invoice.voided_at or invoice.paid_at or invoice.uncollectible_at or invoice.finalized_at


def _move(invoice: Invoice, remote: RemoteInvoice, now: datetime) -> bool:
    before = invoice.status
    if before not in ("sealed", *FINALIZED) or before in ("paid", "void"):
        return False
    if before == remote.status or RANK[remote.status] < RANK.get(before, 0):
        return False
    invoice.status = remote.status
    invoice.finalized_at = invoice.finalized_at or remote.finalized_at or now
    # Only drafts are compared with Stripe; what this one bills is final.
    invoice.needs_verification = False
    if remote.status == "paid":
        invoice.paid_at = remote.paid_at or now
        invoice.payment_failure = invoice.payment_failed_at = invoice.decline = None
    elif remote.status == "void":
        invoice.voided_at = remote.voided_at or now
        take_off_hold(invoice, now=now, actor=STRIPE)
        end_with_void(invoice, open_case(invoice, now=now), now=now)
        lose_ground(invoice, now=now)
    elif remote.status == "uncollectible":
        invoice.uncollectible_at = remote.uncollectible_at or now
    _tell_customer(invoice, before, now)
    _tell_systems(invoice, before, now)
    return True


def _tell_customer(invoice: Invoice, before: str, now: datetime) -> None:
    if before == "sealed" and invoice.status != "void":
        mail_issued(invoice, now=now)
    if invoice.status == "paid":
        mail_paid(invoice, now=now)


def _tell_systems(invoice: Invoice, before: str, now: datetime) -> None:
    if invoice.status == "void":
        tell_void(invoice, now=now)
        return
    if before == "sealed":
        tell_finalized(invoice, now=now)
    if invoice.status == "paid":
        tell_paid(invoice, now=now)


def _look_back(invoice: Invoice, remote: RemoteInvoice, now: datetime) -> None:
    """Hold an invoice that Stripe put back where the ledger cannot follow; let it go after."""
    if invoice.status not in FINALIZED:
        return
    if invoice.status == remote.status or _was_edited(invoice, remote):
        # Who told its state has it: it is not lost either.
        if invoice.parked_code in (WENT_BACK, LOST):
            take_off_hold(invoice, now=now, actor=STRIPE)
        return
    left = major_text(Decimal(remote.amount_remaining_cents), invoice.currency)
    put_on_hold(
        invoice,
        WENT_BACK,
        f"It was {invoice.status}, and Stripe now says {remote.status} with {left} still to pay. "
        "Nothing was changed here. Check at Stripe whether a payment was removed, and have it "
        "paid or corrected there.",
        now=now,
    )


def _was_edited(invoice: Invoice, remote: RemoteInvoice) -> bool:
    """Whether it is open again because somebody edited it: nobody took a payment off it."""
    is_reopened = invoice.status == "uncollectible" and remote.status == "open"
    return is_reopened and invoice.replaced_stripe_id is not None


def hold_if_untaxed(invoice: Invoice, *, now: datetime) -> None:
    """Hold an issued invoice that was to have tax and that Stripe billed without.

    What it is held for besides comes first. Leaving it as it is ends the wish for its tax.
    """
    is_untaxed = invoice.automatic_tax and not invoice.stripe_automatic_tax
    is_billed = invoice.status in ("open", "paid", "uncollectible")
    if is_untaxed and is_billed and invoice.stripe_total_cents and invoice.parked_code is None:
        put_on_hold(invoice, LEFT_UNTAXED, _WITHOUT_TAX, now=now)


def note_failure(invoice: Invoice, attempts: int, message: str, *, at: datetime) -> None:
    """Note that the payment failed `attempts` times, at last `at`; fewer than known is older."""
    if attempts < invoice.failed_attempts:
        return
    invoice.failed_attempts = attempts
    if invoice.status in ("open", "uncollectible"):
        times = f"{attempts} attempt{'s' if attempts != 1 else ''} so far"
        invoice.payment_failure = f"{message.rstrip('.')} ({times})."
        invoice.payment_failed_at = max(at, invoice.payment_failed_at or at)


def note_to_confirm(invoice: Invoice, *, at: datetime) -> None:
    """Keep when the bank asked that the customer confirm the payment; the latest counts."""
    invoice.action_required_at = max(at, invoice.action_required_at or at)


def note_decline(invoice: Invoice, code: str, *, at: datetime) -> None:
    """Keep what the bank said of an attempt; of an older one than is known nothing."""
    if invoice.decline is None or invoice.decline["at"] <= at.timestamp():
        invoice.decline = {"code": code, "at": at.timestamp()}


def close_without_stripe(invoice: Invoice, *, now: datetime) -> None:
    """End a sealed invoice that bills nothing and that Stripe was never told of."""
    invoice.status = "paid"
    invoice.finalized_at = now
    invoice.paid_at = now
    invoice.amount_due_cents = 0
    invoice.amount_paid_cents = 0
    invoice.needs_verification = False
    tell_finalized(invoice, now=now)


def put_on_hold(invoice: Invoice, code: str, reason: str, *, now: datetime) -> None:
    """Hold `invoice` back for a person: nothing is sent or finalized until somebody decides."""
    if invoice.parked_code != code:
        invoice.parked_at = now
        write_entry("invoice.held", invoice, SYSTEM, {"code": code, "reason": reason}, now=now)
    invoice.parked_code = code
    invoice.parked_reason = reason


def take_off_hold(invoice: Invoice, *, now: datetime, actor: Actor = SYSTEM) -> None:
    """Let `invoice` go on: somebody asked for another try, or what held it is over."""
    if invoice.parked_code is not None:
        write_entry("invoice.released", invoice, actor, {"code": invoice.parked_code}, now=now)
    invoice.parked_at = None
    invoice.parked_code = None
    invoice.parked_reason = None
