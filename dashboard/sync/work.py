"""What any call about an organization's money is made with, whatever it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.protocol import Gateway
from dashboard.organizations.models import Organization
from dashboard.row_change import write_change
from dashboard.sync.lease import Lease, LeaseLost, release, take
from dashboard.sync.models import SyncRun, SyncStep


@dataclass
class Work:
    """An invoice, the right to write it at Stripe, and the way there.

    `commit` ends a transaction. `pause` waits so many seconds between two tries of a call.
    """

    invoice: Invoice
    lease: Lease
    gateway: Gateway
    commit: Callable[[], None]
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    # Whether a call of the invoice may have no outcome yet.
    has_open_steps: bool = True
    # Those that ended since the last commit.
    steps: list[SyncStep] = field(default_factory=list)
    # The sync that makes the calls; None for calls that no sync makes.
    run: SyncRun | None = None
    # Of the invoice; kept, because what nobody refers to is read again each time it is asked for.
    organization: Organization = field(init=False)
    calls: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.organization = self.invoice.organization

    @property
    def key_prefix(self) -> str:
        """What the keys of these calls begin with, and those of no others."""
        if self.run is None:
            return f"invoice-{self.invoice.id}-{self.lease.fence}"
        return f"sync-{self.run.id}"

    def count_call(self) -> int:
        """Return the position of the next call, from 1: in its sync, else since the lease."""
        if self.run is None:
            self.calls += 1
            return self.calls
        # Written together with the step in each transaction, so it is the number of steps.
        self.run.calls_made += 1
        return self.run.calls_made

    def ended(self, step: SyncStep) -> None:
        """Take note of a step that has its outcome."""
        self.steps.append(step)

    def checkpoint(self) -> None:
        """Write what changed, in the order of the locks, and commit.

        Before and after each call to Stripe: no transaction is open while one is under way.
        """
        for row in (self.invoice, self.run, *self.steps):
            if row is not None:
                write_change(row)
        self.steps.clear()
        self.commit()


@contextmanager
def work_on(
    invoice: Invoice,
    *,
    gateway: Gateway,
    checkpoint: Callable[[], None],
    clock: Callable[[], datetime],
    pause: Callable[[float], None],
    owner: str,
) -> Iterator[Work]:
    """Take the invoice's lease for calls that no sync makes, and give it back however they end.

    An error inside undoes what is not committed; a step that is keeps its call for `recover`.
    Raises `Busy` while another worker writes the invoice, `LeaseLost` once one took it over.
    """
    held, has_open_steps = take(invoice.id, owner=owner, now=clock())
    checkpoint()
    work = Work(invoice, held, gateway, checkpoint, clock, pause, has_open_steps)
    try:
        yield work
    except LeaseLost:
        db.session.rollback()
        raise
    except Exception:
        db.session.rollback()
        release(held)
        checkpoint()
        raise
    release(held)
    work.checkpoint()
