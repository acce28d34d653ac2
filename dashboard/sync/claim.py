"""Taking a draft that a subscription made, seeing that it may bear ours, and giving it back."""

from __future__ import annotations

from datetime import timedelta

from dashboard.billing.period import whole_second
from dashboard.billing.subscription import is_untold, on_theirs, why_not_taken, why_stopped
from dashboard.gateway.errors import Missing, NotEditable
from dashboard.gateway.protocol import LINES_PER_CALL
from dashboard.gateway.records import LineContent, RemoteInvoice, RemoteLine
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.installation import this_installation
from dashboard.sync.calls import perform
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.lease import extend
from dashboard.sync.stripe_calls.claims import ClaimDraft, GiveBack, let_go
from dashboard.sync.stripe_calls.lines import RemoveLines, SentLine
from dashboard.sync.theirs import keep_theirs

# As long as Stripe leaves a draft to be changed.
ITS_HOUR = timedelta(hours=1)


def settle_with_theirs(work: DraftWork) -> None:
    """Take a subscription's draft where Stripe was not told yet; leave one that stopped.

    Before anything else: an hour after the draft was made Stripe issues it with or without us, and
    what is issued can still be marked as ours. So both it and its subscription are read right
    before. Raises `GatewayError`; `NotEditable` where Stripe issued one that bears ours.
    """
    invoice = work.invoice
    if not on_theirs(invoice) or invoice.stripe_invoice_id is None:
        return
    work.checkpoint()
    try:
        found = work.gateway.invoice(invoice.stripe_invoice_id)
    except Missing:
        if not is_untold(invoice):
            raise
        extend(work.lease, now=work.clock())
        let_go(work, invoice.stripe_invoice_id, "The renewal's invoice was deleted at Stripe.")
        return
    if is_untold(invoice):
        claim(work, found)
    elif found.status != "draft":
        raise NotEditable("Stripe's invoice is no longer a draft.")
    elif stopped := why_stopped(subscription_of(work, found)):
        take_off(work, found)
        leave(work, found, stopped)


def claim(work: DraftWork, found: RemoteInvoice) -> None:
    """Hold a draft, just read, and mark it as ours; leave one that may not bear ours."""
    # One that is marked is held by us: the reply to that was lost.
    unfit = "" if is_marked(work, found) and found.status == "draft" else why_not_taken(found)
    why = why_stopped(subscription_of(work, found)) or unfit
    if not why:
        mark = (str(work.invoice.id), this_installation().identity)
        reply = perform(work, ClaimDraft(found.id, *mark))
        if not isinstance(reply, RemoteInvoice) or reply.status == "draft":
            return
        found, why = reply, why_not_taken(reply)
    leave(work, found, why)


def subscription_of(work: DraftWork, remote: RemoteInvoice) -> RemoteSubscription | None:
    """Read the subscription that made an invoice; None where Stripe has it no longer."""
    if remote.subscription_id is None:
        return None
    try:
        return work.gateway.subscription(remote.subscription_id)
    except Missing:
        return None


def is_marked(work: DraftWork, remote: RemoteInvoice) -> bool:
    """Whether an invoice at Stripe is marked as this one of ours."""
    mark = (this_installation().identity, str(work.invoice.id))
    return (remote.installation, remote.invoice) == mark


def leave(work: DraftWork, remote: RemoteInvoice, why: str) -> None:
    """Leave an invoice that bears nothing of ours to its subscription; the bill goes alone.

    An issued one is collected by Stripe again. A draft stays held: what stopped the subscription
    may have been meant for it or not, so a person is told of it.
    """
    if is_marked(work, remote):
        if remote.status == "draft":
            why = f"{why} {remote.id} stays a draft at Stripe: issue it there if it is to be paid."
        perform(work, GiveBack(remote.id, None, status=remote.status, why=why))
        return
    extend(work.lease, now=work.clock())
    let_go(work, remote.id, why)


def take_off(work: DraftWork, remote: RemoteInvoice) -> None:
    """Remove our lines from a subscription's draft."""
    lines = work.gateway.lines(remote.id)
    extend(work.lease, now=work.clock())
    ours = [one for one in keep_theirs(work.invoice, lines) if one.key is not None]
    for start in range(0, len(ours), LINES_PER_CALL):
        some = [_sent(one) for one in ours[start : start + LINES_PER_CALL]]
        perform(work, RemoveLines(remote.id, some))


def _sent(line: RemoteLine) -> SentLine:
    content = LineContent(
        str(line.key), line.amount_cents, line.description, line.period_start, line.period_end
    )
    return SentLine(content, line.id)


def give_back(work: DraftWork) -> None:
    """Leave a draft to its subscription: Stripe issues it without us."""
    at = whole_second(work.clock()) + ITS_HOUR
    perform(work, GiveBack(str(work.invoice.stripe_invoice_id), at))
