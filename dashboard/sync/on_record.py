"""What a run's own record says of it: its plan, the repairs that were added, what was found."""

from __future__ import annotations

from typing import Any

from dashboard.errors import Stale
from dashboard.sync.compare import Comparison
from dashboard.sync.done import count_of, moved_cents, with_later
from dashboard.sync.models import SyncRun
from dashboard.sync.plan import Plan
from dashboard.sync.snapshot import Snapshot


def adopt_plan(run: SyncRun, snapshot: Snapshot, plan: Plan) -> None:
    """Write the plan on the run; refuse when it is not the one a person saw and approved."""
    if run.expected_plan_hash not in (None, plan.hash):
        raise Stale(
            "The ledger or Stripe's draft changed since the preview. Nothing was sent. Preview it "
            "again."
        )
    run.plan = plan.to_json()
    run.plan_hash = plan.hash
    run.target_revision = snapshot.revision
    run.calls_planned = plan.calls
    note_effect(run, plan)


def add_to_plan(run: SyncRun, snapshot: Snapshot, plan: Plan) -> None:
    """Put what a later round changes on the run's record: the repair of what a reading found.

    The hash stays that of the plan which was seen and approved.
    """
    earlier: dict[str, Any] = run.plan or {"create": False, "changes": []}
    wanted = {line.key for line in snapshot.desired}
    changes = with_later(earlier["changes"], plan, wanted=wanted)
    run.plan = plan.to_json() | {
        "create": earlier["create"] or plan.create,
        "changes": list(changes),
        "cents_before": plan.cents_after - moved_cents(changes),
    }
    note_effect(run, plan)


def note_effect(run: SyncRun, plan: Plan) -> None:
    """Note how many lines the run's changes are, and from where to where they move the total."""
    changes = run.plan["changes"] if run.plan else ()
    run.lines_added = count_of(changes, "add")
    run.lines_changed = count_of(changes, "update")
    run.lines_removed = count_of(changes, "remove")
    run.cents_after = plan.cents_after
    run.cents_before = plan.cents_after - moved_cents(changes)


def add_findings(run: SyncRun, comparison: Comparison) -> None:
    """Put what differs on the run's record.

    A later reading does not unsay what an earlier one found and repaired, whether it is clean or
    finds the rest: of a line, only what was seen last is kept.
    """
    known = {(one["key"], one["line_id"]): one["state"] for one in run.findings}
    found = [finding.to_json() for finding in comparison.differences]
    for one in found:
        if one["state"] == "missing" and known.get((one["key"], one["line_id"])) == "unassigned":
            one["state"] = "unassigned"
    seen = {(one["key"], one["line_id"]) for one in found}
    if found:
        earlier = [one for one in run.findings if (one["key"], one["line_id"]) not in seen]
        run.findings = [*earlier, *found]
