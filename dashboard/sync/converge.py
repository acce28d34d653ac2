"""Make Stripe's draft equal to the ledger: recover, plan, apply, and look again where asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dashboard.billing.subscription import on_theirs
from dashboard.gateway.errors import (
    GatewayError,
    Missing,
    NotEditable,
    Refused,
    ServerFailed,
)
from dashboard.gateway.protocol import LINES_PER_CALL
from dashboard.sync.added_lines import note_added
from dashboard.sync.agreed import keep_members, learn_ids, replace_lines
from dashboard.sync.calls import perform
from dashboard.sync.claim import settle_with_theirs
from dashboard.sync.compare import Comparison
from dashboard.sync.details import see_tax, start_tax, stop_tax, tell_details
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.lease import extend
from dashboard.sync.looking import perform_and_look
from dashboard.sync.missing import resolve_missing
from dashboard.sync.on_record import add_findings, add_to_plan, adopt_plan
from dashboard.sync.plan import KINDS, Change, Plan
from dashboard.sync.recover_draft import recover_draft
from dashboard.sync.snapshot import Snapshot, take_snapshot
from dashboard.sync.strays import remove_strays
from dashboard.sync.stripe_calls.lines import (
    AddLines,
    ChangeLines,
    RemoveLines,
    SentLine,
    UpdateLines,
)
from dashboard.sync.stripe_draft import create_draft
from dashboard.sync.theirs import keep_theirs

ROUNDS = 6
CALLS: Mapping[str, Callable[[str, Sequence[SentLine]], ChangeLines]] = {
    "remove": RemoveLines,
    "update": UpdateLines,
    "add": AddLines,
}


class DidNotConverge(GatewayError):
    """Stripe's draft kept changing under the sync; another try follows later."""

    code = "did_not_converge"


@dataclass
class Aim:
    """Whether this convergence must end in a clean reading, and how the next round begins."""

    verify: bool
    look: bool = False
    recovered: bool = False
    seen_tax: bool = False
    # Whether it was seen in this run that a subscription's draft may bear ours.
    settled: bool = False
    comparison: Comparison | None = None


def converge(work: DraftWork) -> Comparison | None:
    """Apply what differs; return the last comparison when Stripe's lines were read.

    A verifying run first sends what the ledger knows is new, then reads the lines and repairs until
    a reading finds nothing to change. Raises `GatewayError`; `Stale` when the plan is not the one
    a person approved.
    """
    aim = Aim(verify=work.run.verify or work.invoice.needs_verification)
    failure: GatewayError | None = None
    for _ in range(ROUNDS):
        try:
            if one_round(work, aim):
                return aim.comparison
        except ServerFailed as error:
            # The step has no outcome; the next round reads back what the call did.
            failure = error
            continue
        except Missing as error:
            resolve_missing(work, error)
            aim.look = work.invoice.stripe_invoice_id is not None
            aim.verify = aim.verify or aim.look
        except NotEditable:
            raise
        except Refused:
            # A line that somebody removed or changed at Stripe refuses the whole bulk call; with
            # the lines read first it must work, and if it does not, the refusal is real.
            if aim.look or work.invoice.stripe_invoice_id is None:
                raise
            aim.verify = aim.look = True
        failure = None
    raise failure or DidNotConverge(
        "Stripe's draft kept changing during the sync. It is tried again."
    )


def one_round(work: DraftWork, aim: Aim) -> bool:
    """Recover, plan and apply once; return whether ledger and Stripe now agree."""
    begin_round(work, aim)
    tell_details(work)
    snapshot, aim.comparison, plan = assess(work, aim.look)
    if work.run.plan_hash is None:
        adopt_plan(work.run, snapshot, plan)
    elif not plan.is_empty:
        add_to_plan(work.run, snapshot, plan)
    stop_tax(work)
    if remove_strays(work, snapshot.synced, aim.comparison):
        aim.look = aim.recovered = True
        return False
    if not plan.is_empty:
        apply(work, snapshot, plan, look=aim.verify)
        aim.verify |= work.differs or was_otherwise(snapshot, aim.comparison)
    start_tax(work, snapshot)
    unproven = snapshot.exists and aim.comparison is None
    if aim.verify and (unproven or not plan.is_empty):
        # Only a reading that finds nothing to change ends a verification.
        aim.look = aim.recovered = True
        return False
    conclude(work, snapshot, aim.comparison if plan.is_empty else None)
    return True


def begin_round(work: DraftWork, aim: Aim) -> None:
    """Recover what was under way; see once what no line tells: whose the draft is, and its tax."""
    if not aim.recovered:
        recover_draft(work)
    aim.recovered = False
    if not aim.settled:
        settle_with_theirs(work)
        aim.settled = True
    if aim.verify and not aim.seen_tax:
        see_tax(work)
        aim.seen_tax = True


def was_otherwise(snapshot: Snapshot, comparison: Comparison | None) -> bool:
    """Whether Stripe's lines were read and were not what had been agreed."""
    return comparison is not None and set(comparison.known) != set(snapshot.synced)


def assess(work: DraftWork, look: bool) -> tuple[Snapshot, Comparison | None, Plan]:
    """Return the ledger's state, Stripe's where it was read, and the plan between them."""
    if look and work.invoice.stripe_invoice_id is not None:
        # Before the snapshot: one taken earlier would have to be taken again.
        read_lines(work)
    snapshot = held_snapshot(work)
    plan = snapshot.plan()
    if not snapshot.exists or not (look or plan.needs_line_ids):
        return snapshot, None, plan
    if read_lines(work):
        snapshot = held_snapshot(work)
    if any(one.line_id is None for one in snapshot.synced):
        learn_ids(work.invoice, work.remote or [])
        snapshot = held_snapshot(work)
    comparison = snapshot.compare(work.remote or [])
    add_findings(work.run, comparison)
    if comparison.added or snapshot.added:
        note_added(work.invoice, comparison, now=work.clock())
        # What was just noted is part of the snapshot from here on.
        snapshot = held_snapshot(work)
    return snapshot, comparison, snapshot.plan(comparison)


def held_snapshot(work: DraftWork) -> Snapshot:
    """Return the snapshot, with the invoice and the right to write it held until the commit."""
    extend(work.lease, now=work.clock())
    return take_snapshot(work.invoice)


def read_lines(work: DraftWork) -> bool:
    """Read Stripe's lines, unless nothing was written since they were; return whether it did."""
    if work.remote is not None:
        return False
    work.checkpoint()
    lines = work.gateway.lines(str(work.invoice.stripe_invoice_id))
    if on_theirs(work.invoice):
        # What is not ours is kept, by whoever may write the invoice.
        extend(work.lease, now=work.clock())
    work.remote = keep_theirs(work.invoice, lines)
    return True


def apply(work: DraftWork, snapshot: Snapshot, plan: Plan, *, look: bool) -> None:
    """Send the plan: the customer and the draft when missing, then the changes in bulk.

    With `look` the lines are read behind the last of these, before any of it is recorded.
    """
    if plan.is_empty:
        return
    if not snapshot.exists:
        create_draft(work)
    bulk = [(kind, some) for kind in KINDS for some in chunks(plan.of(kind), LINES_PER_CALL)]
    for number, (kind, changes) in enumerate(bulk, 1):
        lines = [sent_line(change) for change in changes]
        wanted = CALLS[kind](str(work.invoice.stripe_invoice_id), lines)
        if look and number == len(bulk):
            perform_and_look(work, wanted)
        else:
            perform(work, wanted)


def sent_line(change: Change) -> SentLine:
    """Return one change as a bulk call has it."""
    content = change.after if change.after is not None else change.before
    if content is None:
        raise AssertionError("a change has a side")
    return SentLine(content, change.line_id)


def chunks(changes: Sequence[Change], size: int) -> Iterator[Sequence[Change]]:
    """Yield `changes` in order, `size` at a time."""
    for start in range(0, len(changes), size):
        yield changes[start : start + size]


def conclude(work: DraftWork, snapshot: Snapshot, comparison: Comparison | None) -> None:
    """Note that ledger and Stripe agree as of the snapshot's revision.

    The invoice's row is as it is now, and locked: by the snapshot, or with the last reply.
    """
    invoice, now = work.invoice, work.clock()
    if comparison is not None and was_otherwise(snapshot, comparison):
        # What was repaired on the way can leave a record that is not what is there now.
        replace_lines(invoice, comparison.known, {})
    keep_members(invoice.id, snapshot)
    work.run.lines_not_ours = snapshot.added_left
    invoice.synced_revision = max(invoice.synced_revision, snapshot.revision)
    invoice.synced_total_cents = sum(line.amount_cents for line in snapshot.desired)
    invoice.last_synced_at = now
    if comparison is not None:
        invoice.last_verified_at = now
        invoice.needs_verification = False
