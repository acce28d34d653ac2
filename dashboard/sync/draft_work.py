"""What a sync in progress carries beyond what any call needs: its run, and what Stripe showed."""

from __future__ import annotations

from dataclasses import dataclass, field

from dashboard.gateway.records import RemoteLine
from dashboard.sync.models import SyncRun, SyncStep
from dashboard.sync.work import Work


@dataclass(kw_only=True)
class DraftWork(Work):
    """One run being carried out, which makes one draft equal to the ledger."""

    run: SyncRun
    # A reply's total was not what the agreed lines add up to: somebody else wrote to the draft.
    differs: bool = False
    # Stripe's lines as last read in this run; None once anything was written after.
    remote: list[RemoteLine] | None = None
    # The keys of missing lines of which the pending items were looked through.
    sought: set[str] = field(default_factory=set)

    def ended(self, step: SyncStep) -> None:
        """Take note of a step that has its outcome; what was read before it was made is old."""
        super().ended(step)
        if step.outcome == "done":
            self.remote = None
