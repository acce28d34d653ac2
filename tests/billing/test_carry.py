"""What a finalized invoice did not contain is billed by the next one, each rest once."""

import pytest

from dashboard.billing.carry import carry_over
from dashboard.billing.close import seal_now
from dashboard.clock import utc_now
from tests.support.billing import items_of, make_bill, put


@pytest.fixture
def pair(db):
    """A sealed invoice of 30.00 and 5.00, and the draft after it."""
    sealed = make_bill()
    put(sealed, fee=3000, disk=500)
    return sealed, seal_now(sealed, now=utc_now())


def carry(pair, **billed):
    return carry_over(pair[0], billed, now=utc_now())


def lines(invoice):
    return [(item.kind, item.description, item.amount_cents) for item in items_of(invoice)]


def test_an_invoice_that_stripe_billed_as_it_was_due_leaves_nothing(pair):
    assert carry(pair, fee=3000, disk=500) == 0
    assert (lines(pair[1]), pair[0].total_cents, pair[1].revision) == ([], 3500, 0)


def test_what_stripe_did_not_bill_at_all_is_billed_next(pair):
    assert carry(pair, fee=3000) == 500
    assert lines(pair[1]) == [("carry_over", "Item disk, carried over", 500)]
    assert (pair[0].total_cents, pair[1].total_cents, pair[1].revision) == (3000, 500, 1)


def test_what_stripe_billed_in_part_leaves_the_rest_and_more_is_a_credit(pair):
    assert carry(pair, fee=1000, disk=700) == 1800
    assert [amount for *_, amount in lines(pair[1])] == [2000, -200]
    assert (pair[0].total_cents, pair[1].total_cents) == (1700, 1800)
    [fee, disk] = items_of(pair[1])
    assert fee.trace["words"][0] == (
        "$30.00 is owed for this, but the invoice of that period was issued with $10.00 for it. "
        "The difference of $20.00 is billed here."
    )
    assert disk.trace["words"][0].endswith("The difference of $2.00 is credited here.")


def test_the_rest_has_the_period_and_the_cycle_of_what_it_is_of(pair):
    carry(pair, fee=3000)
    [due], [rest] = [one for one in items_of(pair[0]) if one.key == "disk"], items_of(pair[1])
    assert (rest.period_start, rest.period_end) == (due.period_start, due.period_end)
    assert (rest.cycle_id, rest.carried_from_id, rest.quantity) == (due.cycle_id, due.id, 1)


def test_an_item_is_carried_over_once(pair):
    carry(pair, fee=3000)
    assert carry(pair, fee=3000) == 500
    assert carry(pair, fee=2000) == 1500
    assert [amount for *_, amount in lines(pair[1])] == [500, 1000]
