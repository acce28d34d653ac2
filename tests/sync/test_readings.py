"""What somebody read of an invoice at Stripe is kept whole, and of the right invoice only."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.gateway.records import RemoteLine
from dashboard.sync.readings import keep_reading, lines_of, reading_of, three_sides
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.syncing import Syncer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAM, RITA = (Actor("user", 1, f"{name}@example.com") for name in ("sam", "rita"))


def remote(cents: int, key: str | None = "a", line_id: str = "il_a", **more: str) -> RemoteLine:
    """Return a line as Stripe shows it."""
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    return RemoteLine(line_id, key, cents, "Item a", start, end, **more)


@pytest.fixture
def draft(bill: Invoice) -> Invoice:
    """An invoice that has a draft at Stripe."""
    with transaction():
        bill.stripe_invoice_id = "in_1"
    return bill


def keep(
    bill: Invoice, *lines: RemoteLine, actor: Actor = SAM, after: int = 0, of: str = "in_1"
) -> None:
    """Keep what was read so many seconds later."""
    with transaction():
        keep_reading(bill, of, lines, actor=actor, now=NOW + timedelta(seconds=after))


def test_lines_are_kept_as_they_were_read(draft: Invoice) -> None:
    read = [remote(100), remote(-250, None, "il_b"), remote(5, None, "il_c", old_key="c")]
    keep(draft, *read)
    kept = reading_of(draft)
    assert kept is not None
    assert lines_of(kept) == read
    assert (kept.read_at, kept.read_by) == (NOW, "sam@example.com")
    assert kept.organization_id == draft.organization_id


@pytest.mark.parametrize(("after", "cents", "by"), [(1, 2, "rita"), (0, 2, "rita"), (-1, 1, "sam")])
def test_of_two_readings_the_later_one_stays(
    draft: Invoice, after: int, cents: int, by: str
) -> None:
    keep(draft, remote(1))
    keep(draft, remote(2), actor=RITA, after=after)
    kept = reading_of(draft)
    assert kept is not None
    assert [line.amount_cents for line in lines_of(kept)] == [cents]
    assert (kept.read_by, kept.read_at) == (
        f"{by}@example.com",
        NOW + timedelta(seconds=max(after, 0)),
    )


def test_what_was_read_of_a_draft_that_was_replaced_says_nothing_of_this_one(
    draft: Invoice,
) -> None:
    assert reading_of(draft) is None
    keep(draft, remote(100), of="in_0")
    assert reading_of(draft) is None
    keep(draft, remote(100), of="in_1", after=1)
    assert reading_of(draft) is not None


def test_the_sides_are_those_of_the_reading_and_stripe_is_not_asked(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100, b=200)
    syncer.sync(bill)
    lines = syncer.gateway.lines(str(bill.stripe_invoice_id))
    put(bill, b=300)
    now = int((utc_now() - NOW).total_seconds()) + 1
    read = (*lines, remote(50, None, "il_x"))
    # What was read before the last sync is compared with nothing.
    keep(bill, *read, of=str(bill.stripe_invoice_id))
    assert {one.state for one in three_sides(bill)[0]} == {"equal", "we_changed"}
    keep(bill, *read, of=str(bill.stripe_invoice_id), after=now)
    syncer.operations()
    findings, reading = three_sides(bill)
    assert {one.key: one.state for one in findings} == {
        "a": "equal",
        "b": "we_changed",
        None: "foreign",
    }
    assert reading is not None
    assert syncer.operations() == []


def test_a_reading_of_the_very_instant_of_the_sync_is_not_overtaken(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100)
    syncer.sync(bill)
    with transaction():
        bill.last_synced_at = NOW
    keep(bill, remote(50, None, "il_x"), of=str(bill.stripe_invoice_id))
    assert "foreign" in {one.state for one in three_sides(bill)[0]}
    keep(bill, remote(50, None, "il_x"), of=str(bill.stripe_invoice_id), after=1)
    with transaction():
        bill.last_synced_at = NOW + timedelta(seconds=2)
    assert "foreign" not in {one.state for one in three_sides(bill)[0]}


def test_where_nobody_read_it_what_was_agreed_is_taken_for_what_is_there(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=100, b=200)
    syncer.sync(bill)
    put(bill, b=300, c=400)
    findings, reading = three_sides(bill)
    assert reading is None
    cents = [
        (one.key, one.state, *(side and side.amount_cents for side in (one.ours, one.agreed)))
        for one in findings
    ]
    assert cents == [
        ("a", "equal", 100, 100),
        ("b", "we_changed", 300, 200),
        ("c", "we_changed", 400, None),
    ]
    assert all(one.theirs == one.agreed and one.line_id is None for one in findings)
