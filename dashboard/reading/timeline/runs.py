"""Syncs: what each sent to Stripe, and what it found there."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.reading.timeline.happening import Happening, Run
from dashboard.reading.timeline.wanted import Window
from dashboard.sync.models import AddedLine, SyncRun

SOURCE = "runs"
OF = frozenset({"syncs"})


def read_runs(window: Window) -> list[Happening]:
    """Return the newest runs of a window, each where it was asked for."""
    # What a run left is on its record. Of those from before it was, the lines there are now tell.
    apart = select(AddedLine.id).where(
        AddedLine.organization_id == SyncRun.organization_id,
        AddedLine.invoice_id == SyncRun.invoice_id,
        or_(AddedLine.decision.is_(None), AddedLine.decision == "leave"),
        AddedLine.found_at <= SyncRun.created_at,
    )
    query = (
        select(
            SyncRun.id,
            SyncRun.created_at,
            SyncRun.finished_at,
            SyncRun.trigger,
            SyncRun.verify,
            SyncRun.state,
            SyncRun.actor_kind,
            SyncRun.actor_label,
            SyncRun.lines_added,
            SyncRun.lines_changed,
            SyncRun.lines_removed,
            SyncRun.cents_before,
            SyncRun.cents_after,
            func.jsonb_array_length(SyncRun.findings),
            SyncRun.findings[0],
            SyncRun.error,
            Invoice.sequence,
            Invoice.number,
            Invoice.currency,
            func.coalesce(SyncRun.lines_not_ours > 0, apart.exists()),
        )
        .join(Invoice, Invoice.id == SyncRun.invoice_id)
        .where(
            SyncRun.organization_id == window.wanted.organization_id,
            *window.holds(SyncRun.created_at, SyncRun.id),
        )
        .order_by(SyncRun.created_at.desc(), SyncRun.id.desc())
        .limit(window.size)
    )
    return [
        Happening(run.at, window.rank, run.id, SOURCE, "syncs", run)
        for run in map(Run._make, db.session.execute(query))
    ]
