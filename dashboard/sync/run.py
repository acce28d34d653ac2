"""Carry out one SyncRun: lease, converge, finalize where asked; it ends in a named state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import BigInteger, DateTime, case, func, inspect, null, select, update
from sqlalchemy.orm.attributes import set_committed_value

from dashboard.audit.actor import Actor, ActorKind
from dashboard.billing.locks import VERSIONS, for_change, note_held
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.outcome import take_off_hold
from dashboard.billing.stuck import STUCK
from dashboard.errors import Stale
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError, Missing, NotEditable, Refused
from dashboard.gateway.priorities import Priority, with_priority
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import Reason, calling_for
from dashboard.organizations.models import Organization
from dashboard.statement import Statement, parameter
from dashboard.sync import lease
from dashboard.sync.agreed import agreed_total
from dashboard.sync.broken import KILLED, break_off, give_up, is_hopeless
from dashboard.sync.compare import Comparison
from dashboard.sync.converge import converge
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.ending import fail, park_and_fail, retry_or_fail, succeed
from dashboard.sync.finalize import finalize, hold_or_let_go, look_at_total, switch_off
from dashboard.sync.held import finalized_at_stripe, wait_while_held, why_held
from dashboard.sync.missing import resolve_missing
from dashboard.sync.models import ACTIVE, SyncRun
from dashboard.sync.reconcile import reconcile

# From the invoice, which is locked: that is what whoever reads the statement looks for first.
WITH_ALL = (
    select(SyncRun, Invoice, Organization, *VERSIONS)
    .select_from(Invoice)
    .join(SyncRun, SyncRun.invoice_id == Invoice.id)
    .join(Invoice.organization)
)
AS_NOW = {"populate_existing": True}
PRIORITIES: Mapping[str, Priority] = {
    "final": "closing", "scheduled": "scheduled", "event": "scheduled", "bulk": "scheduled",
}  # fmt: skip


def execute(
    run_id: int,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    clock: Callable[[], datetime],
    pause: Callable[[float], None],
    owner: str,
) -> SyncRun | None:
    """Carry out a run and return it; None when it is over already. Safe to repeat.

    Raises `Busy` while another worker writes the same invoice.
    """
    # All at once, and kept from here: what nobody refers to is forgotten, and read again each time.
    wanted = for_change(WITH_ALL.where(SyncRun.id == run_id), of=Invoice)
    found = db.session.execute(wanted, execution_options=AS_NOW).one_or_none()
    if found is None or found[0].state not in ACTIVE:
        return None
    run, invoice, _, *versions = found
    note_held(invoice.id, *versions)
    held, has_open_steps = lease.take(invoice.id, owner=owner, now=clock())
    if not begin(run, now=clock()):
        # Another worker ended it between our look and our lease.
        lease.release(held)
        return None
    checkpoint()
    work = DraftWork(invoice, held, gateway, checkpoint, clock, pause, has_open_steps, run=run)
    try:
        with with_priority(PRIORITIES.get(run.trigger, "interactive")), calling_for(reason_of(run)):
            carry_out_or_break_off(work)
    except lease.LeaseLost:
        db.session.rollback()
        doubt(work)
        checkpoint()
        raise
    return run


def reason_of(run: SyncRun) -> Reason:
    """Return what the calls of a run are made for."""
    if run.trigger == "final":
        return "final"
    return "verify" if run.verify else "sync"


def begin(run: SyncRun, *, now: datetime) -> bool:
    """Note that the run is under way once more, as it is now; return whether it is not over."""
    row = _BEGIN.row(run=run.id, now=now)
    # Somebody may have asked more of it since it was read.
    for name, value in zip(_OF_A_RUN, row or (), strict=row is not None):
        set_committed_value(run, name, value)
    return row is not None


_OF_A_RUN = tuple(inspect(SyncRun).columns.keys())
_NOW = parameter("now", DateTime(timezone=True))
_BEGIN = Statement(
    update(SyncRun)
    .where(SyncRun.id == parameter("run", BigInteger), SyncRun.state.in_(ACTIVE))
    .values(
        state="running",
        attempts=SyncRun.attempts + 1,
        # Whoever had a running one before neither ended it nor said why: a worker that was killed.
        interruptions=SyncRun.interruptions + case((SyncRun.state == "running", 1), else_=0),
        started_at=func.coalesce(SyncRun.started_at, _NOW),
        next_attempt_at=null(),
    )
    .returning(*inspect(SyncRun).columns.values())
)


def carry_out_or_break_off(work: DraftWork) -> None:
    """Carry the run out and give the lease back, whatever happens; raises `LeaseLost`."""
    try:
        if is_hopeless(work.run):
            give_up(work, KILLED)
        else:
            carry_out(work)
        lease.release(work.lease)
        work.checkpoint()
    except lease.LeaseLost:
        raise
    except Exception as error:  # a bug, an odd reply, a row the database refuses: it has an end too
        break_off(work, error)
        lease.release(work.lease)
        work.checkpoint()


def doubt(work: DraftWork) -> None:
    """Have the invoice compared: a call of ours may have reached Stripe after the takeover.

    Whoever took over ends the run; nothing else here is ours to write any more.
    """
    if work.invoice.status not in FINALIZED:
        work.invoice.needs_verification = True
        work.invoice.next_sync_at = work.clock()


def carry_out(work: DraftWork) -> None:
    """Advance the run and end it; every way it is known to fail ends in a state and a sentence."""
    try:
        if not waits(work):
            advance(work)
    except Stale as error:
        fail(work, error)
    except Refused as error:
        park_and_fail(work, error)
    except GatewayError as error:
        retry_or_fail(work, error)
    else:
        # Closings may have been held on the way, too.
        if work.run.state != "retrying":
            succeed(work)


def waits(work: DraftWork) -> bool:
    """Whether the run waits while closings are held; what Stripe issued first is taken over."""
    held = why_held(work)
    if held is None:
        return False
    try:
        wait_while_held(work, held)
    except NotEditable:
        reconcile(work)
    return True


def is_by_clock(work: DraftWork) -> bool:
    """Whether it lets go of no hold: a periodic one, or the clock's that was for the schedule."""
    run, is_sealed = work.run, work.invoice.status == "sealed"
    is_for_schedule = run.trigger == "final" and run.actor_kind == "system" and not is_sealed
    return run.trigger == "scheduled" or is_for_schedule


def advance(work: DraftWork) -> None:
    """Converge, and finalize where asked; reconcile when Stripe acted first."""
    was_on_hold = work.invoice.parked_at is not None and not is_by_clock(work)
    if was_on_hold:
        run = work.run
        by = Actor(cast(ActorKind, run.actor_kind), run.actor_id, run.actor_label)
        take_off_hold(work.invoice, now=work.clock(), actor=by)
    try:
        if finalized_at_stripe(work.invoice):
            raise NotEditable("Stripe's invoice is no longer a draft.")
        if work.run.trigger == "scheduled" and is_held_for_good(work.invoice):
            # All that this is about; what was put on hold is told nothing else.
            switch_off(work)
            return
        comparison = converge(work)
        if work.run.trigger == "final":
            finalize(work, comparison)
        elif is_held_for_good(work.invoice):
            switch_off(work)
        elif was_on_hold or comparison is not None or work.invoice.restores_schedule:
            hold_or_schedule(work, was_on_hold=was_on_hold)
            see_total(work, comparison)
    except NotEditable:
        reconcile(work)


def is_held_for_good(invoice: Invoice) -> bool:
    """Whether it is on hold and stays so: its final run, or a person, put it there."""
    return invoice.status == "sealed" and invoice.parked_code not in (None, STUCK)


def hold_or_schedule(work: DraftWork, *, was_on_hold: bool) -> None:
    """Set the dead-man switch as the draft's lines allow; a draft that is gone is made anew."""
    try:
        hold_or_let_go(work, was_on_hold=was_on_hold)
    except Missing as error:
        resolve_missing(work, error)
        converge(work)


def see_total(work: DraftWork, comparison: Comparison | None) -> None:
    """Read Stripe's total where its lines, just read, come to another and no reply showed it."""
    invoice = work.invoice
    if comparison is not None and invoice.stripe_total_cents != agreed_total(invoice.id):
        look_at_total(work)
