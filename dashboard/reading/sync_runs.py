"""Sync runs as pages read them."""

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, selectinload

from dashboard.billing.models import Invoice
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.keyset import read_log
from dashboard.organizations.models import Organization
from dashboard.paging import NEWEST_FIRST, Asked, Counted, Stretch
from dashboard.sync.counts import Figures, count
from dashboard.sync.models import ACTIVE, SyncRun

SIZE = 40
STATES = {"active": ACTIVE, "succeeded": ("succeeded",), "failed": ("failed",)}


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to keep; None keeps everything. `state` is a key of `STATES`."""

    slug: str | None = None
    state: str | None = None


def recent_runs(wanted: RunFilter, asked: Asked = NEWEST_FIRST) -> Stretch[SyncRun]:
    """Return some of the matching runs, with invoice and organization."""
    query = _runs()
    if wanted.slug:
        own = select(Organization.id).where(Organization.slug == wanted.slug).scalar_subquery()
        query = query.where(SyncRun.organization_id == own)
    if wanted.state in STATES:
        query = query.where(SyncRun.state.in_(STATES[wanted.state]))
    return read_log(query, SyncRun.id, asked, size=SIZE)


def counts_by_state() -> dict[str, Counted]:
    """Return how many runs are under way, and how many failed; of the others there are only more.

    As far as a thousand: what failed is there until it is forgotten.
    """
    figures: Figures = {
        f"runs:{state}": select(SyncRun.id).where(SyncRun.state.in_(STATES[state]))
        for state in ("active", "failed")
    }
    return {name.partition(":")[2]: one for name, one in count(figures).items()}


def run_with_steps(slug: str, run_id: int) -> SyncRun:
    """Return a run of the organization `slug` with its steps; raise `NotFound`."""
    query = _runs().options(selectinload(SyncRun.steps))
    found = db.session.scalar(query.where(SyncRun.id == run_id, Organization.slug == slug))
    if found is None:
        raise NotFound(
            f"There is no sync run {run_id} of {slug}, or it was deleted: runs of issued invoices "
            "are kept for SYNC_RUNS_KEPT_DAYS. Its changes are in the audit trail."
        )
    return found


def leaves_added(run: SyncRun) -> bool:
    """Whether a line that is not ours was on the draft when the run ended.

    A run of a release that did not count them is told by what it saw and did not remove.
    """
    if run.lines_not_ours is not None:
        return run.lines_not_ours > 0
    changes = run.plan["changes"] if run.plan else ()
    removed = {one["key"] for one in changes if one["kind"] == "remove"}
    seen = {one["line_id"] for one in run.findings if one["state"] == "foreign"}
    return not seen <= removed


def is_active(run: SyncRun) -> bool:
    """Whether the run is still going to do something."""
    return run.state in ACTIVE


def _runs() -> Select[SyncRun]:
    return (
        select(SyncRun)
        .join(SyncRun.invoice)
        .join(Invoice.organization)
        .options(contains_eager(SyncRun.invoice).contains_eager(Invoice.organization))
    )
