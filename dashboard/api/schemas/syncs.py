"""Syncs as the API speaks of them."""

from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from dashboard.api.schemas.types import Instant, Sent, Told
from dashboard.sync.models import SyncRun
from dashboard.sync.plan import Plan


class SyncIn(Sent):
    """What to do: `preview` only plans; `verify` also compares Stripe's lines one by one."""

    verify: bool = False
    preview: bool = False
    # Apply exactly what a preview with this hash showed, or nothing.
    plan_hash: Annotated[str, StringConstraints(max_length=64)] | None = None


class PlanOut(Told):
    """The changes a sync would send now; nothing is sent."""

    hash: str
    is_empty: bool
    plan: dict[str, Any]

    @classmethod
    def of(cls, plan: Plan) -> "PlanOut":
        """Read a plan."""
        return cls(hash=plan.hash, is_empty=plan.is_empty, plan=plan.to_json())


class SyncOut(Told):
    """A sync run: queued, running, retrying, succeeded or failed."""

    id: int
    invoice: int
    state: Literal["queued", "running", "retrying", "succeeded", "failed"]
    trigger: str
    verify: bool
    plan: dict[str, Any] | None
    findings: list[dict[str, Any]]
    calls_planned: int
    calls_made: int
    cents_before: int | None
    cents_after: int | None
    error_code: str | None
    error: str | None
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None

    @classmethod
    def of(cls, run: SyncRun) -> "SyncOut":
        """Read a run."""
        known = {name: getattr(run, name) for name in cls.model_fields if name != "invoice"}
        return cls.model_construct(**known, invoice=run.invoice.sequence)
