"""The fault matrix: every fault, and how it is inflicted on one operation of a sync.

What is to become of it is the table of docs/faults.md, which tests/sync/test_outcomes.py reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests

from dashboard.billing.models import Invoice
from dashboard.gateway.stripe import StripeGateway
from dashboard.sync.models import SyncRun
from tests.support.operations import Operation
from tests.support.simulator import API_KEY
from tests.support.syncing import Syncer, gateway_of

TIMEOUT_SECONDS = 0.3


class OtherBodyFirst(StripeGateway):
    """Uses the key of one call for something else just before that call; harmless without `aim`."""

    aim = ""

    def _call(self, endpoint: str, *arguments: Any, key: str | None = None) -> Any:
        if endpoint == self.aim:
            self.aim = ""
            super()._call("POST customers", "/v1/customers", {"name": "Somebody"}, key=key)
        return super()._call(endpoint, *arguments, key=key)


@dataclass
class Case:
    """One operation of one bill under one fault."""

    bill: Invoice
    syncer: Syncer
    operation: Operation
    trigger: str = "support"

    def fault(self, kind: str, **rule: Any) -> str:
        """Let the operation's calls misbehave and return the rule's id."""
        operation = self.operation
        return self.syncer.simulator.fault(kind, operation.path, method=operation.method, **rule)

    def run(self) -> SyncRun:
        """Request the run that makes the call, and carry it out once."""
        return self.syncer.sync(self.bill, self.trigger, verify=self.trigger == "final")

    def call_through(self, timeout_seconds: float = 5.0) -> OtherBodyFirst:
        """Put another gateway in the way and return it."""
        gateway = gateway_of(OtherBodyFirst, self.syncer.simulator.url, timeout_seconds)
        self.syncer.gateway = gateway
        return gateway


Inflict = Callable[[Case], SyncRun]


def once(kind: str, **rule: Any) -> Inflict:
    """Return a fault that hits the operation's first call."""

    def inflict(case: Case) -> SyncRun:
        case.fault(kind, times=1, **rule)
        return case.run()

    return inflict


def lasting(kind: str, **rule: Any) -> Inflict:
    """Return a fault that does not go away."""

    def inflict(case: Case) -> SyncRun:
        case.fault(kind, **rule)
        return case.run()

    return inflict


def until_the_key_expired(kind: str) -> Inflict:
    """Return a fault that lasts until Stripe has forgotten the step's key."""

    def inflict(case: Case) -> SyncRun:
        rule = case.fault(kind)
        run = case.run()
        case.syncer.simulator.delete(f"faults/{rule}")
        case.syncer.simulator.advance(25 * 3600)
        case.syncer.ahead = timedelta(hours=25)
        return run

    return inflict


def still_running(case: Case) -> SyncRun:
    """Let the call run longer than we wait for it, so that its repetition meets a 409."""
    case.fault("hold_during", times=1, seconds=TIMEOUT_SECONDS * 2)
    case.call_through(TIMEOUT_SECONDS)
    return case.run()


def key_taken(case: Case) -> SyncRun:
    """Let the key have been used for something else."""
    case.call_through().aim = case.operation.endpoint
    return case.run()


def at_stripe(action: Callable[[Case, str], None]) -> Inflict:
    """Return what somebody did in Stripe's dashboard before the call."""

    def inflict(case: Case) -> SyncRun:
        action(case, str(case.bill.stripe_invoice_id))
        return case.run()

    return inflict


def _delete_draft(case: Case, stripe_id: str) -> None:
    case.syncer.gateway.delete_draft(stripe_id)


def _finalize(case: Case, stripe_id: str) -> None:
    case.syncer.gateway.finalize(stripe_id, key=f"somebody-{stripe_id}")


def _remove_line(case: Case, stripe_id: str) -> None:
    line = next(one for one in case.syncer.gateway.lines(stripe_id) if one.key == "b")
    case.syncer.gateway.remove_lines(stripe_id, [line.id], run="x", key=f"somebody-{line.id}")


def _delete_customer(case: Case, _stripe_id: str) -> None:
    customer = case.bill.organization.stripe_customer_id
    answer = requests.delete(
        f"{case.syncer.simulator.url}/v1/customers/{customer}",
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    )
    answer.raise_for_status()


FAULTS: dict[str, Inflict] = {
    "lost before Stripe": once("drop_before"),
    "reply lost": once("drop_after"),
    "time-out, then 409 in flight": still_running,
    "500, not done": once("error_before"),
    "500, done": once("error_after"),
    "429 rate": once("rate_limit", reason="global-rate"),
    "429 endpoint": once("rate_limit", reason="endpoint-rate"),
    "429 concurrency": once("rate_limit", reason="global-concurrency"),
    "429 lock_timeout": once("lock_timeout"),
    "key used with another body": key_taken,
    "lost before Stripe, key expired": until_the_key_expired("drop_before"),
    "reply lost, key expired": until_the_key_expired("drop_after"),
    "401": once("error_before", status=401),
    "400": lasting("error_before", status=400),
    "draft deleted at Stripe": at_stripe(_delete_draft),
    "draft finalized at Stripe": at_stripe(_finalize),
    "line removed at Stripe": at_stripe(_remove_line),
    "customer deleted at Stripe": at_stripe(_delete_customer),
}
