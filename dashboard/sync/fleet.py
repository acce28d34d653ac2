"""Whether the whole fleet is in step, in a handful of counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.billing.subscription import WAITS
from dashboard.billing.void_listing import waiting_case_ids
from dashboard.paging import Counted
from dashboard.sync.counts import Figures, Rows, count
from dashboard.sync.models import ACTIVE, SyncRun

# A sync this late was not merely spread over the hour.
LATE = timedelta(minutes=5)
# What is settled is not counted: there is only ever more of it.
UNSETTLED = ("draft", "closing", "sealed", "open", "uncollectible")


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """Invoices that somebody or something has yet to see to, and the syncs under way.

    On hold ones may be issued already. `void` are those whose money nobody decided on.
    """

    draft: Counted
    closing: Counted
    sealed: Counted
    open: Counted
    uncollectible: Counted
    dirty: Counted
    late: Counted
    parked: Counted
    void: Counted
    active: Counted

    @property
    def by_status(self) -> dict[str, Counted]:
        """The invoices in each status that is not the last."""
        return {status: getattr(self, status) for status in UNSETTLED}

    @property
    def oldest(self) -> datetime | None:
        """When the oldest of those was counted that are not as they are now."""
        every = (getattr(self, name).counted_at for name in self.__slots__)
        return min((at for at in every if at is not None), default=None)


def fleet_counts(*, now: datetime) -> FleetCounts:
    """Count; one statement, and another where the clock counts what are too many."""
    return FleetCounts(**count(fleet_figures(now=now)))


def fleet_figures(*, now: datetime) -> Figures:
    """Return what is counted. What is in step has no next sync: see migration 0037."""
    dirty = _invoices().where(
        Invoice.status.in_(("draft", "closing")),
        Invoice.next_sync_at.is_not(None),
        Invoice.revision > Invoice.synced_revision,
        Invoice.billed_with != WAITS,
    )
    return {
        **{status: _invoices().where(Invoice.status == status) for status in UNSETTLED},
        "dirty": dirty,
        "late": dirty.where(Invoice.next_sync_at < now - LATE),
        "parked": _invoices().where(Invoice.parked_at.is_not(None)),
        "void": waiting_case_ids(),
        "active": select(SyncRun.id).where(SyncRun.state.in_(ACTIVE)),
    }


def _invoices() -> Rows:
    return select(Invoice.id)
