"""Drift: what somebody did to the draft at Stripe is found, named, and repaired or asked about."""

import pytest

from dashboard.billing.models import Invoice
from dashboard.sync.added_lines import added_lines
from tests.support.billing import put
from tests.support.sync_acts import add_foreign, decide, edit_line, remove_line
from tests.support.syncing import Syncer


@pytest.fixture
def synced(bill: Invoice, syncer: Syncer) -> Invoice:
    """A bill of twelve lines, in sync; one more than fits a reply's ten, and then some."""
    put(bill, **{f"k{n:02}": n * 100 for n in range(1, 13)})
    syncer.sync(bill)
    syncer.operations()
    return bill


def test_verifying_what_is_equal_reads_and_writes_nothing(synced: Invoice, syncer: Syncer) -> None:
    run = syncer.sync(synced, verify=True)
    assert (run.state, run.findings) == ("succeeded", [])
    assert [call.split()[0] for call in syncer.operations()] == ["GET"]


def test_an_edited_line_is_found_and_set_right(synced: Invoice, syncer: Syncer) -> None:
    edit_line(syncer, synced, "k12", 1)
    run = syncer.sync(synced, verify=True)
    assert run.state == "succeeded"
    assert syncer.lines(synced)["k12"] == 1200


def test_a_removed_line_is_found_and_added_again(synced: Invoice, syncer: Syncer) -> None:
    remove_line(syncer, synced, "k03")
    syncer.sync(synced, verify=True)
    assert syncer.lines(synced)["k03"] == 300


def test_an_edit_is_noticed_for_free_by_the_total_of_the_next_reply(
    synced: Invoice, syncer: Syncer
) -> None:
    edit_line(syncer, synced, "k12", 1)
    put(synced, k01=111)
    run = syncer.sync(synced)
    assert (run.verify, run.state) == (False, "succeeded")
    assert syncer.lines(synced)["k12"] == 1200


def test_a_foreign_line_is_noted_and_left_alone(synced: Invoice, syncer: Syncer) -> None:
    add_foreign(syncer, synced)
    run = syncer.sync(synced, verify=True)
    assert [finding["state"] for finding in run.findings] == ["foreign"]
    assert [(one.amount_cents, one.decision) for one in added_lines(synced.id)] == [(5000, None)]
    assert syncer.lines(synced)[None] == 5000


def test_a_repair_is_told_though_a_foreign_line_stays(synced: Invoice, syncer: Syncer) -> None:
    edit_line(syncer, synced, "k12", 1)
    add_foreign(syncer, synced)
    run = syncer.sync(synced, verify=True)
    states = [(finding["key"], finding["state"]) for finding in run.findings]
    assert states == [("k12", "stripe_changed"), (None, "foreign")]
    assert syncer.lines(synced)["k12"] == 1200


def test_a_known_foreign_line_does_not_make_each_sync_look_again(
    synced: Invoice, syncer: Syncer
) -> None:
    add_foreign(syncer, synced)
    syncer.sync(synced, verify=True)
    put(synced, k01=111)
    syncer.operations()
    syncer.sync(synced)
    assert [call.split()[0] for call in syncer.operations()] == ["POST"]


def test_taking_ours_removes_the_foreign_line(synced: Invoice, syncer: Syncer) -> None:
    add_foreign(syncer, synced)
    syncer.sync(synced, verify=True)
    decide(synced, "take_ours")
    run = syncer.sync(synced)
    assert (run.state, added_lines(synced.id)) == ("succeeded", [])
    assert None not in syncer.lines(synced)
    assert synced.stripe_total_cents == synced.total_cents


def test_adopting_theirs_makes_it_an_adjustment_without_a_second_line(
    synced: Invoice, syncer: Syncer
) -> None:
    add_foreign(syncer, synced)
    syncer.sync(synced, verify=True)
    before = synced.total_cents
    decide(synced, "adopt")
    run = syncer.sync(synced)
    lines = syncer.lines(synced)
    assert (run.state, added_lines(synced.id)) == ("succeeded", [])
    assert (len(lines), None in lines) == (13, False)
    assert synced.total_cents == before + 5000 == synced.stripe_total_cents


def test_a_line_that_is_left_stays_through_later_syncs(synced: Invoice, syncer: Syncer) -> None:
    add_foreign(syncer, synced)
    syncer.sync(synced, verify=True)
    decide(synced, "leave")
    put(synced, k01=7)
    syncer.sync(synced, verify=True)
    assert syncer.lines(synced)[None] == 5000
    assert added_lines(synced.id)[0].decision == "leave"
