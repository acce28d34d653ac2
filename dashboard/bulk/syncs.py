"""Bulk actions on invoices: sync them, compare them line by line, let go of those on hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, or_, select

from dashboard.audit.write import write_entry
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.bulk.verb import Begun, Members
from dashboard.extensions import db
from dashboard.statement import any_of
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_syncs

UNFINISHED = ("draft", "closing", "sealed")
ISSUED = "It is already issued: Stripe has its final version."
ON_HOLD = "It is on hold. Release it once its cause is fixed."


@dataclass(frozen=True, slots=True)
class SyncVerb:
    """Ask for a sync of each current invoice, or with `releases` of each invoice on hold.

    A sync that somebody asks for lets go of a hold, so the others leave out what is on hold.
    """

    name: str
    verifies: bool = False
    releases: bool = False
    of: str = "organizations"
    permission: str = "sync.run"

    def members(self, ids: Collection[int]) -> Members:
        """Return the invoices of these organizations that it concerns."""
        is_wanted = (
            (Invoice.parked_at.is_not(None), Invoice.status.in_(UNFINISHED))
            if self.releases
            else (Invoice.status == "draft",)
        )
        mine = Invoice.organization_id == any_of(ids, BigInteger)
        return select(Invoice.id, Invoice.organization_id).where(mine, *is_wanted)

    def held_for(self, code: str, *, now: datetime) -> Members:
        """Return the invoices on hold for one reason that would be issued by now."""
        columns = select(Invoice.id, Invoice.organization_id)
        return columns.where(
            Invoice.parked_at.is_not(None),
            Invoice.parked_code == code,
            or_(Invoice.status != "draft", Invoice.period_end <= now),
            Invoice.status.in_(UNFINISHED),
        )

    def begin(self, act: BulkAction, members: Sequence[BulkMember], *, now: datetime) -> Begun:
        """Ask for the syncs of these invoices, but for those that somebody is changing."""
        by_invoice = {one.subject_id: one for one in members}
        over: dict[int, str | None] = {}
        for invoice_id, error in self._refused(by_invoice).items():
            over[by_invoice.pop(invoice_id).id] = error
        wanted = Request("bulk", act.actor, verify=self.verifies)
        runs = request_syncs(by_invoice, wanted, now=now, wait=False)
        if self.releases:
            for run in runs:
                write_entry("invoice.release_asked", run.invoice, act.actor, {"act": act.id},
                       reason=act.reason, now=now)  # fmt: skip
        asked = {by_invoice[run.invoice_id].id: run.id for run in runs}
        return Begun(asked, over, runs)

    def ended(self, members: Sequence[BulkMember]) -> Mapping[int, str | None]:
        """Return whose sync is over."""
        return ended_runs(members)

    def _refused(self, invoice_ids: Collection[int]) -> dict[int, str | None]:
        """Return of which invoices no sync is asked for, with the reason."""
        columns = select(Invoice.id, Invoice.status, Invoice.parked_at)
        rows = db.session.execute(columns.where(Invoice.id == any_of(invoice_ids, BigInteger)))
        refused: dict[int, str | None] = {}
        for invoice_id, status, parked_at in rows:
            if self.releases and parked_at is None:
                refused[invoice_id] = None
            elif status in FINALIZED:
                refused[invoice_id] = ISSUED
            elif parked_at is not None and not self.releases:
                refused[invoice_id] = ON_HOLD
        return refused


def ended_runs(members: Sequence[BulkMember]) -> Mapping[int, str | None]:
    """Return whose sync is over, and why it failed; one that is not kept was over long ago."""
    by_run = {one.run_id: one.id for one in members if one.run_id is not None}
    rows = db.session.execute(
        select(SyncRun.id, SyncRun.state, SyncRun.error).where(
            SyncRun.id == any_of(by_run, BigInteger)
        )
    )
    found = {run_id: (state, error) for run_id, state, error in rows}
    ended: dict[int, str | None] = {}
    for run_id, member_id in by_run.items():
        state, error = found.get(run_id, ("succeeded", None))
        if state in ("succeeded", "failed"):
            ended[member_id] = (error or "It failed.") if state == "failed" else None
    return ended
