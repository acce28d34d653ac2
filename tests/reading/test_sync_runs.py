"""Runs as pages find them: of one organization, in one state, the newest first."""

import pytest

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.reading.sync_runs import (
    SIZE,
    RunFilter,
    counts_by_state,
    is_active,
    leaves_added,
    recent_runs,
    run_with_steps,
)
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from tests.support.billing import make_bill, put
from tests.support.syncing import Syncer


def run_of(bill: Invoice, state: str = "succeeded") -> SyncRun:
    """Return a run of the invoice in that state."""
    with transaction():
        run = request_sync(bill, Request("support"), now=utc_now())
        run.state = state
    return run


def ids(**wanted: str) -> list[int]:
    """Return the runs found, in their order."""
    return [one.id for one in recent_runs(RunFilter(**wanted)).rows]


def test_runs_are_found_by_organization_and_by_state_the_newest_first(bill: Invoice) -> None:
    failed, done, waits = (run_of(bill, one).id for one in ("failed", "succeeded", "retrying"))
    others = run_of(make_bill("beta"), "failed").id
    assert ids() == [others, waits, done, failed]
    assert ids(slug="acme") == [waits, done, failed]
    assert ids(slug="acme", state="failed") == [failed]
    assert ids(state="failed") == [others, failed]
    assert ids(state="active") == [waits]
    assert ids(state="succeeded") == [done]
    assert ids(slug="nobody") == []
    # What an address asks for and nobody knows keeps everything.
    assert ids(state="odd") == [others, waits, done, failed]


def test_a_list_of_runs_is_read_on_after_forty(bill: Invoice) -> None:
    made = [run_of(bill).id for _ in range(SIZE + 1)]
    found = recent_runs(RunFilter())
    assert [one.id for one in found.rows] == made[:0:-1]


def test_runs_under_way_and_failed_ones_are_counted_and_the_others_are_not(bill: Invoice) -> None:
    for state in ("failed", "failed", "succeeded", "queued"):
        run_of(bill, state)
    assert {name: one.number for name, one in counts_by_state().items()} == {
        "active": 1,
        "failed": 2,
    }


@pytest.mark.parametrize(
    ("state", "goes_on"),
    [
        ("queued", True), ("running", True), ("retrying", True),
        ("succeeded", False), ("failed", False),
    ],
)  # fmt: skip
def test_a_run_is_watched_until_it_has_ended(state: str, goes_on: bool) -> None:
    assert is_active(SyncRun(state=state)) is goes_on


def test_a_run_is_found_with_its_steps_and_only_under_its_organization(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    run = syncer.sync(bill)
    make_bill("beta")
    found = run_with_steps("acme", run.id)
    assert [step.operation for step in found.steps][-1] == "add_lines"
    assert len(found.steps) == run.calls_made
    for slug, number in (("beta", run.id), ("acme", run.id + 1)):
        with pytest.raises(NotFound, match=f"no sync run {number} of {slug}"):
            run_with_steps(slug, number)


def with_findings(*line_ids: str, removed: tuple[str, ...] | None = ()) -> SyncRun:
    """Return a run that saw these lines that are not ours, and removed some of them."""
    findings = [{"state": "foreign", "line_id": one} for one in line_ids]
    changes = [{"kind": "remove", "key": one} for one in removed or ()]
    changes.append({"kind": "update", "key": "il_a"})
    plan = None if removed is None else {"changes": changes}
    return SyncRun(findings=[*findings, {"state": "equal", "line_id": "il_b"}], plan=plan)


def test_a_run_left_what_it_saw_and_did_not_remove() -> None:
    assert leaves_added(with_findings("il_a"))
    assert leaves_added(with_findings("il_a", "il_c", removed=("il_c",)))
    assert leaves_added(with_findings("il_a", removed=None))
    assert not leaves_added(with_findings("il_a", "il_c", removed=("il_a", "il_c", "il_d")))
    assert not leaves_added(with_findings())
