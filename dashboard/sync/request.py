"""Ask for a sync: the run exists from then on, and a second request joins it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, or_, select, update

from dashboard.audit.actor import SYSTEM, Actor
from dashboard.audit.write import write_entry
from dashboard.billing.locks import for_change, lock_invoices
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.stuck import STUCK, is_to_be_tried
from dashboard.billing.subscription import WAITS, waits
from dashboard.closing.held import nothing_holds
from dashboard.errors import InvoiceIsFrozen
from dashboard.extensions import db
from dashboard.statement import any_of
from dashboard.sync.held import CODE
from dashboard.sync.models import ACTIVE, SyncLease, SyncRun
from dashboard.sync.plan import Plan
from dashboard.sync.snapshot import glance

PUT_OFF = timedelta(minutes=15)
# What Stripe would issue itself this soon does not wait for its place in line.
NEAR = timedelta(hours=6)
# So long after a run that could not switch it off another one tries.
TRIED_AGAIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Request:
    """Why and how to sync; `plan_hash` binds the run to a preview that somebody approved."""

    trigger: str
    actor: Actor = SYSTEM
    verify: bool = False
    plan_hash: str | None = None


def request_sync(invoice: Invoice, request: Request, *, now: datetime) -> SyncRun:
    """Return the run that will sync `invoice`: the one under way, or a new queued one.

    The caller enqueues it after the commit. Raises `InvoiceIsFrozen` for a finalized invoice.
    """
    runs = request_syncs([invoice.id], request, now=now)
    if not runs and waits(invoice):
        raise InvoiceIsFrozen(
            f"Invoice {invoice.sequence} waits for the subscription's next invoice: its items go "
            "onto that when Stripe makes it. Nothing was sent. There is nothing to sync until then."
        )
    if not runs:
        raise InvoiceIsFrozen(
            f"Invoice {invoice.number or invoice.sequence} is {invoice.status}: Stripe has its "
            "final version. Nothing was sent. Sync the current invoice instead."
        )
    return runs[0]


def request_syncs(
    invoice_ids: Collection[int], request: Request, *, now: datetime, wait: bool = True
) -> list[SyncRun]:
    """Return the run that will sync each of these invoices; finalized ones are left out.

    Without `wait` so are those that somebody is changing.
    """
    locked = lock_invoices(invoice_ids, wait=wait)
    invoices = [one for one in locked if one.status not in FINALIZED and not waits(one)]
    ids = [one.id for one in invoices]
    query = select(SyncRun).where(SyncRun.invoice_id.in_(ids), SyncRun.state.in_(ACTIVE))
    # Locked, so that a demand is not added to a run that has just begun without it.
    active = db.session.scalars(for_change(query.order_by(SyncRun.invoice_id), of=SyncRun))
    under_way = {run.invoice_id: join(run, request, now) for run in active}
    new = {one.id: new_run(one, request, now) for one in invoices if one.id not in under_way}
    db.session.add_all(new.values())
    db.session.flush()
    # A bulk action is one entry of its own, however many invoices it reaches.
    if request.actor.kind in ("user", "token") and request.trigger != "bulk":
        for invoice in invoices:
            if invoice.id in new:
                facts = {"run_id": new[invoice.id].id, "verify": request.verify}
                write_entry("invoice.sync_requested", invoice, request.actor, facts, now=now)
    return [{**under_way, **new}[one] for one in ids]


def new_run(invoice: Invoice, request: Request, now: datetime) -> SyncRun:
    """Return a queued run as requested."""
    return SyncRun(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        trigger=request.trigger,
        verify=request.verify,
        actor_kind=request.actor.kind,
        actor_id=request.actor.id,
        actor_label=request.actor.label,
        expected_plan_hash=request.plan_hash,
        created_at=now,
    )


def join(run: SyncRun, request: Request, now: datetime) -> SyncRun:
    """Let a request ride on the run under way; one that has not begun takes over its demands."""
    if run.state in ("queued", "retrying"):
        run.verify = run.verify or request.verify
        run.next_attempt_at = None
        if request.trigger == "final":
            run.trigger = "final"
            run.expected_plan_hash = None
    elif request.verify and not run.verify and run.invoice.status not in FINALIZED:
        # It will not read Stripe's lines any more; the run that follows it does.
        run.invoice.needs_verification = True
        run.invoice.next_sync_at = now
    return run


def hasten(invoice_ids: Collection[int]) -> None:
    """Let the next sweep take up the runs that wait to try again: their reasons may be gone."""
    if not invoice_ids:
        return
    waiting = select(SyncRun).where(
        SyncRun.invoice_id == any_of(invoice_ids, BigInteger), SyncRun.state == "retrying"
    )
    for run in db.session.scalars(for_change(waiting.order_by(SyncRun.invoice_id), of=SyncRun)):
        run.next_attempt_at = None


def preview(invoice: Invoice) -> Plan:
    """Return what a sync would send now, from the ledger and the last agreed state; no call."""
    return glance(invoice).plan()


def due_for_sync(*, now: datetime, most: int) -> list[int]:
    """Return the ids of changeable invoices whose periodic sync is due, longest due first."""
    query = (
        select(Invoice.id)
        .where(
            or_(Invoice.revision > Invoice.synced_revision, Invoice.needs_verification),
            Invoice.status.in_(("draft", "closing")),
            Invoice.next_sync_at <= now,
            Invoice.billed_with != WAITS,
            # One that cannot be closed is kept in step: Stripe may bill it by its own schedule.
            or_(Invoice.parked_at.is_(None), Invoice.parked_code == STUCK),
            ~select(SyncRun.id)
            .where(SyncRun.invoice_id == Invoice.id, SyncRun.state.in_(ACTIVE))
            .exists(),
        )
        .order_by(Invoice.next_sync_at)
        .limit(most)
    )
    return list(db.session.scalars(query))


def put_off(invoice_id: int, *, now: datetime) -> None:
    """Let the periodic sync of an invoice that none can be requested for wait a while."""
    later = update(Invoice).where(Invoice.id == invoice_id).values(next_sync_at=now + PUT_OFF)
    db.session.execute(later, execution_options={"synchronize_session": False})


def due_to_finalize(*, now: datetime, most: int) -> list[int]:
    """Return the ids of sealed invoices that nobody on hold or is finalizing, first in line first.

    What Stripe would issue itself within hours comes before all. What the clock itself found stuck
    is among them again after a while, and so is one whose final run failed: neither stands before
    the others meanwhile.
    """
    is_its_turn = or_(Invoice.finalize_after_at.is_(None), Invoice.finalize_after_at <= now)
    query = _waiting_to_finalize(now).where(is_its_turn)
    line = _ids(query.order_by(Invoice.finalize_rank, Invoice.id).limit(most))
    if not line:
        return line
    near = query.where(Invoice.automatically_finalizes_at < now + NEAR)
    first = _ids(near.order_by(Invoice.automatically_finalizes_at, Invoice.id).limit(most))
    return list(dict.fromkeys([*first, *line]))[:most]


def soon_issued_by_stripe(*, now: datetime, before: datetime, most: int) -> list[int]:
    """Return the sealed invoices that Stripe would finalize before that time, soonest first."""
    query = _waiting_to_finalize(now).where(Invoice.automatically_finalizes_at < before)
    return _ids(query.order_by(Invoice.automatically_finalizes_at, Invoice.id).limit(most))


def held_but_scheduled(*, now: datetime, most: int) -> list[int]:
    """Return the sealed invoices on hold that Stripe would issue itself within a day.

    The call that was to switch its schedule off did not reach Stripe: another run makes it, and
    after one that failed the next a quarter of an hour later.
    """
    tried = SyncRun.state.in_(ACTIVE) | (SyncRun.finished_at > now - TRIED_AGAIN)
    query = select(Invoice.id).where(
        Invoice.status == "sealed",
        Invoice.parked_at.is_not(None),
        Invoice.parked_code != STUCK,
        Invoice.automatically_finalizes_at < now + 4 * NEAR,
        ~select(SyncRun.id).where(SyncRun.invoice_id == Invoice.id, tried).exists(),
    )
    return _ids(query.order_by(Invoice.automatically_finalizes_at, Invoice.id).limit(most))


def would_be_issued(invoice_id: int, *, before: datetime) -> bool:
    """Whether Stripe would issue it itself before that time, though it is not sealed."""
    query = select(Invoice.id).where(
        Invoice.id == invoice_id,
        Invoice.status.in_(("draft", "closing")),
        Invoice.automatically_finalizes_at < before,
    )
    return db.session.scalar(query) is not None


def _waiting_to_finalize(now: datetime) -> Select[int]:
    return select(Invoice.id).where(
        Invoice.status == "sealed",
        Invoice.billed_with != WAITS,
        or_(Invoice.parked_at.is_(None), Invoice.parked_code == STUCK),
        is_to_be_tried(now),
        ~select(SyncRun.id)
        .where(
            SyncRun.invoice_id == Invoice.id,
            SyncRun.state.in_(ACTIVE),
            SyncRun.trigger == "final",
        )
        .exists(),
    )


def _ids(query: Select[int]) -> list[int]:
    return list(db.session.scalars(query))


def finals_in_hand(most: int, *, now: datetime) -> int:
    """Return how many final runs wait in a queue or are carried out, counted to `most`.

    Those that wait to try again are left out until they are due: they are in nobody's way.
    """
    active = select(SyncRun.id).where(
        SyncRun.state.in_(ACTIVE),
        or_(
            SyncRun.state.in_(("queued", "running")),
            and_(SyncRun.state == "retrying", _is_due(now)),
        ),
        SyncRun.trigger == "final",
    )
    counted = select(func.count()).select_from(active.limit(most).subquery())
    return db.session.scalars(counted).one()


def _is_due(now: datetime) -> ColumnElement[bool]:
    is_let_go = and_(SyncRun.error_code == CODE, nothing_holds(now))
    is_its_time = SyncRun.next_attempt_at <= now
    return or_(SyncRun.next_attempt_at.is_(None), is_its_time, is_let_go)


def abandoned_runs(*, now: datetime, most: int) -> list[int]:
    """Return the ids of runs that nobody is working on: lost jobs, killed workers, due retries.

    What waited while closings were held is due as soon as they are not, whoever ended that.
    """
    free = or_(SyncLease.expires_at.is_(None), SyncLease.expires_at <= now)
    query = (
        select(SyncRun.id)
        .outerjoin(SyncLease, SyncLease.invoice_id == SyncRun.invoice_id)
        .where(
            or_(
                and_(SyncRun.state.in_(("queued", "running")), free),
                and_(SyncRun.state == "retrying", _is_due(now)),
            )
        )
        .order_by(SyncRun.id)
        .limit(most)
    )
    return list(db.session.scalars(query))
