"""The record of a run says what it did at Stripe, repairs included."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.models import Invoice
from dashboard.gateway.records import LineContent
from dashboard.sync.done import count_of, moved_cents, with_later
from dashboard.sync.models import SyncRun
from dashboard.sync.plan import Known, make_plan
from tests.support.billing import put
from tests.support.sync_acts import add_foreign, edit_line, remove_line
from tests.support.syncing import Syncer

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
SIDES = st.dictionaries(st.sampled_from("abcde"), st.integers(-10_000, 10_000))


@pytest.fixture
def synced(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill of three lines, in sync: $6.00."""
    put(bill, k1=100, k2=200, k3=300)
    syncer.sync(bill)
    return bill


def told(run: SyncRun) -> tuple[tuple[int, int, int], int]:
    """Return how many lines a run added, changed and removed, and by how much the draft moved."""
    lines = (run.lines_added, run.lines_changed, run.lines_removed)
    return lines, int(run.cents_after or 0) - int(run.cents_before or 0)


def kinds(run: SyncRun) -> list[tuple[str, str]]:
    """Return the changes that the run's page lists."""
    return [(one["kind"], one["key"]) for one in (run.plan or {})["changes"]]


def test_setting_an_edited_line_right_is_told_as_what_it_did_at_stripe(
    synced: Invoice, syncer: Syncer
) -> None:
    edit_line(syncer, synced, "k3", 1)
    run = syncer.sync(synced, verify=True)
    assert told(run) == ((0, 1, 0), 299)
    assert (run.cents_before, run.cents_after) == (301, 600)
    assert kinds(run) == [("update", "k3")]


def test_putting_a_removed_line_back_is_told(synced: Invoice, syncer: Syncer) -> None:
    remove_line(syncer, synced, "k2")
    run = syncer.sync(synced, verify=True)
    assert told(run) == ((1, 0, 0), 200)


def test_what_the_ledger_changed_and_what_was_repaired_are_told_together(
    synced: Invoice, syncer: Syncer
) -> None:
    edit_line(syncer, synced, "k3", 1)
    put(synced, k1=150)
    run = syncer.sync(synced, verify=True)
    assert told(run) == ((0, 2, 0), 50 + 299)
    assert sorted(kinds(run)) == [("update", "k1"), ("update", "k3")]


def test_a_change_that_stripe_refused_is_not_told_beside_the_one_that_took_its_place(
    synced: Invoice, syncer: Syncer
) -> None:
    remove_line(syncer, synced, "k2")
    put(synced, k2=250)
    run = syncer.sync(synced)
    assert told(run) == ((1, 0, 0), 250)
    assert kinds(run) == [("add", "k2")]


def test_a_draft_made_anew_is_told_with_all_of_its_lines(synced: Invoice, syncer: Syncer) -> None:
    syncer.gateway.delete_draft(str(synced.stripe_invoice_id))
    run = syncer.sync(synced, verify=True)
    assert told(run) == ((3, 0, 0), 600)


def test_a_line_added_at_stripe_that_stays_is_no_effect(synced: Invoice, syncer: Syncer) -> None:
    add_foreign(syncer, synced)
    edit_line(syncer, synced, "k3", 1)
    run = syncer.sync(synced, verify=True)
    assert told(run) == ((0, 1, 0), 299)
    assert run.cents_after == 600 + 5000


@given(SIDES, SIDES, SIDES)
def test_rounds_that_were_carried_out_add_up_to_the_way_from_the_first_to_the_last(
    at_first: dict[str, int], then: dict[str, int], at_last: dict[str, int]
) -> None:
    first = make_plan(lines(then), known(at_first), exists=True)
    second = make_plan(lines(at_last), known(then), exists=True)
    whole = with_later(first.to_json()["changes"], second, wanted=set(at_last))
    assert moved_cents(whole) == sum(at_last.values()) - sum(at_first.values())


@given(SIDES, SIDES, SIDES)
def test_a_round_that_did_nothing_leaves_only_what_the_next_one_does(
    at_first: dict[str, int], then: dict[str, int], at_last: dict[str, int]
) -> None:
    first = make_plan(lines(then), known(at_first), exists=True)
    again = make_plan(lines(then), known(at_first), exists=True)
    assert with_later(first.to_json()["changes"], again, wanted=set(then)) == tuple(
        first.to_json()["changes"]
    )


def test_a_copy_that_a_repeated_call_made_comes_and_goes_without_a_trace() -> None:
    first = make_plan(lines({"a": 100}), [], exists=True)
    twice = [*known({"a": 100}), *known({"a": 100})]
    second = make_plan(lines({"a": 100}), twice, exists=True)
    whole = with_later(first.to_json()["changes"], second, wanted={"a"})
    assert (count_of(whole, "add"), count_of(whole, "remove"), moved_cents(whole)) == (1, 0, 100)


def test_copies_that_were_there_before_the_run_are_told_as_removed() -> None:
    first = make_plan(lines({"a": 100}), known({"a": 100}), exists=True)
    thrice = [*known({"a": 100}), *known({"a": 100}), *known({"a": 100})]
    second = make_plan(lines({"a": 100}), thrice, exists=True)
    whole = with_later(first.to_json()["changes"], second, wanted={"a"})
    assert (count_of(whole, "remove"), moved_cents(whole)) == (2, -200)


def lines(cents: dict[str, int]) -> list[LineContent]:
    return [LineContent(key, one, f"Item {key}", START, END) for key, one in cents.items()]


def known(cents: dict[str, int]) -> list[Known]:
    return [Known(line, f"il_{line.key}") for line in lines(cents)]
