"""What a sync in progress carries: the run, the right to write, and the way to Stripe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.billing.models import Invoice
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteLine
from dashboard.organizations.models import Organization
from dashboard.row_change import write_change
from dashboard.sync.lease import Lease
from dashboard.sync.models import SyncRun, SyncStep


@dataclass
class Work:
    """One run being carried out by the holder of one invoice's lease.

    `commit` ends a transaction. `pause` waits so many seconds between two tries of a call.
    """

    run: SyncRun
    invoice: Invoice
    lease: Lease
    gateway: Gateway
    commit: Callable[[], None]
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    # A reply's total was not what the agreed lines add up to: somebody else wrote to the draft.
    differs: bool = False
    # Stripe's lines as last read in this run; None once anything was written after.
    remote: list[RemoteLine] | None = field(default=None)
    # Whether a call of the invoice may have no outcome yet.
    has_open_steps: bool = True
    # Those that ended since the last commit.
    steps: list[SyncStep] = field(default_factory=list)
    # The keys of missing lines of which the pending items were looked through.
    sought: set[str] = field(default_factory=set)
    # Of the invoice; kept, because what nobody refers to is read again each time it is asked for.
    organization: Organization = field(init=False)

    def __post_init__(self) -> None:
        self.organization = self.invoice.organization

    def checkpoint(self) -> None:
        """Write what changed, in the order of the locks, and commit.

        Before and after each call to Stripe: no transaction is open while one is under way.
        """
        for row in (self.invoice, self.run, *self.steps):
            write_change(row)
        self.steps.clear()
        self.commit()
