"""Carrying out syncs in a test, against a simulator, without a worker."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.protocol import Unlimited
from dashboard.gateway.stripe import StripeGateway
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.sync.run import execute
from dashboard.sync.work import Work, work_on
from dashboard.transaction import checkpoint, transaction
from tests.support.simulator import API_KEY, WEBHOOK_SECRET, SimulatorControl

Kind = TypeVar("Kind", bound=StripeGateway)


def _dying_after(commits: int) -> Callable[[], None]:
    left = iter(range(commits))

    def commit_or_die() -> None:
        if next(left, None) is None:
            raise SystemExit
        checkpoint()

    return commit_or_die


@dataclass
class Syncer:
    """Requests syncs and carries them out at once; pauses are skipped, time can be moved."""

    gateway: StripeGateway
    simulator: SimulatorControl
    ahead: timedelta = field(default_factory=timedelta)

    def clock(self) -> datetime:
        """Return the present, moved ahead as the test wants."""
        return utc_now() + self.ahead

    def sync(self, invoice: Invoice, trigger: str = "support", **request: Any) -> SyncRun:
        """Request a sync and carry it out."""
        with transaction():
            run = request_sync(invoice, Request(trigger, **request), now=self.clock())
        return self.carry_out(run)

    def carry_out(self, run: SyncRun, pause: Callable[[float], None] | None = None) -> SyncRun:
        """Carry out a run that was requested."""
        with transaction():
            execute(
                run.id,
                gateway=self.gateway,
                checkpoint=checkpoint,
                clock=self.clock,
                pause=pause or (lambda _seconds: None),
                owner="test",
            )
        db.session.refresh(run)
        return run

    @contextmanager
    def work_on(self, invoice: Invoice, *, commits: int | None = None) -> Iterator[Work]:
        """Hold the invoice's lease, for calls that no sync makes.

        A worker that is killed commits only so often: it ends by `SystemExit`.
        """
        with (
            transaction(),
            work_on(
                invoice,
                gateway=self.gateway,
                checkpoint=checkpoint if commits is None else _dying_after(commits),
                clock=self.clock,
                pause=lambda _seconds: None,
                owner="test" if commits is None else "killed",
            ) as work,
        ):
            yield work

    def lines(self, invoice: Invoice) -> dict[str | None, int]:
        """Return what Stripe's invoice bills by our key; raise when a key is there twice."""
        found = self.gateway.lines(str(invoice.stripe_invoice_id))
        keys = [line.key for line in found if line.key]
        assert len(keys) == len(set(keys)), f"a line is there twice: {keys}"
        return {line.key: line.amount_cents for line in found}

    def operations(self) -> list[str]:
        """Return the calls since the last time, by the names Stripe's schema has for them."""
        calls = [f"{call['method']} {call['operation']}" for call in self.simulator.calls()]
        self.simulator.delete("requests")
        return calls


def gateway_to(url: str, timeout_seconds: float = 5.0) -> StripeGateway:
    """Return the product's gateway, pointed at a simulator."""
    return gateway_of(StripeGateway, url, timeout_seconds)


def gateway_of(kind: type[Kind], url: str, timeout_seconds: float = 5.0) -> Kind:
    """Return a gateway of that kind, pointed at a simulator."""
    return kind(
        API_KEY,
        api_base=url,
        timeout_seconds=timeout_seconds,
        webhook_secrets=[WEBHOOK_SECRET],
        limiter=Unlimited(),
    )
