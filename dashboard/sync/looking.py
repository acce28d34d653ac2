"""A call about a draft with Stripe's lines read behind it, both taken in by one transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dashboard.gateway.errors import GatewayError
from dashboard.gateway.records import RemoteInvoice, RemoteLine
from dashboard.sync.calls import record, send
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import is_about
from dashboard.sync.models import SyncStep
from dashboard.sync.steps import intend
from dashboard.sync.stripe_calls.base import Reply, StripeCall
from dashboard.sync.theirs import keep_theirs

# After a call that took longer the lease is renewed before the next: it outlasts one, not two.
QUICK_SECONDS = 10.0


def perform_and_look(work: DraftWork, wanted: StripeCall[DraftWork]) -> None:
    """Perform a call, and read the lines between its reply and its record; raises `GatewayError`.

    Until both are committed the step counts as open, and recovering it finds the same: so nothing
    is lost.
    """
    step = intend(work, wanted)
    work.checkpoint()
    began = time.monotonic()
    reply = send(work, step, wanted)
    lines = lines_in(reply)
    if lines is None and time.monotonic() - began <= QUICK_SECONDS:
        lines = read_behind(work, step, wanted, reply)
    record(work, step, wanted, reply)
    # They are another draft's where this one was replaced meanwhile.
    if lines is not None and is_about(work, wanted.about):
        work.remote = keep_theirs(work.invoice, lines)


def lines_in(reply: Reply) -> Sequence[RemoteLine] | None:
    """Return Stripe's lines as a call left them, where its own reply shows all of them."""
    return reply.all_lines if isinstance(reply, RemoteInvoice) else None


def read_behind(
    work: DraftWork, step: SyncStep, sent: StripeCall[DraftWork], reply: Reply
) -> Sequence[RemoteLine]:
    """Read Stripe's lines behind a call that is not recorded; where that fails, it is."""
    try:
        return work.gateway.lines(str(sent.about))
    except GatewayError:
        record(work, step, sent, reply)
        work.checkpoint()
        raise
