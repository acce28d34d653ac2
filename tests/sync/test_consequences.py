"""What a decision about money does to both totals, said before anybody takes it."""

import pytest

from dashboard.billing.models import Invoice
from dashboard.sync.consequences import Move, consequences, of_adjustment, of_void
from dashboard.sync.models import AddedLine


def invoice(ledger: int = 10_000, stripe: int | None = 12_500, status: str = "draft") -> Invoice:
    """Return an invoice of that total here and at Stripe."""
    return Invoice(
        status=status, currency="usd", total_cents=ledger, stripe_total_cents=stripe, sequence=1
    )


def line(cents: int = 2500, decision: str | None = None) -> AddedLine:
    """Return a line that somebody added at Stripe."""
    return AddedLine(amount_cents=cents, decision=decision)


@pytest.mark.parametrize("cents", [2500, -2500])
def test_removing_a_line_changes_only_stripe_and_adopting_it_only_the_ledger(cents: int) -> None:
    found = {one.choice: one for one in consequences(line(cents), invoice(stripe=10_000 + cents))}
    assert {name: (one.ledger, one.stripe) for name, one in found.items()} == {
        "take_ours": (Move(10_000, 10_000), Move(10_000 + cents, 10_000)),
        "adopt": (Move(10_000, 10_000 + cents), Move(10_000 + cents, 10_000 + cents)),
        "leave": (Move(10_000, 10_000), Move(10_000 + cents, 10_000 + cents)),
    }
    assert {name: one.more_cents for name, one in found.items()} == {
        "take_ours": 0,
        "adopt": cents,
        "leave": 0,
    }


def test_what_stripe_asks_for_is_not_guessed_where_nobody_has_seen_its_total() -> None:
    found = consequences(line(), invoice(stripe=None))
    assert {one.stripe for one in found} == {Move(None, None)}
    assert of_adjustment(500, invoice(stripe=None)).stripe == Move(None, None)


def test_only_what_can_be_decided_is_offered_in_the_order_of_the_page() -> None:
    assert [one.choice for one in consequences(line(), invoice())] == [
        "take_ours", "adopt", "leave",
    ]  # fmt: skip
    assert [one.choice for one in consequences(line(decision="leave"), invoice())] == [
        "take_ours", "adopt",
    ]  # fmt: skip
    assert consequences(line(), invoice(status="open")) == []


@pytest.mark.parametrize("cents", [700, -700])
def test_an_adjustment_comes_to_both_totals_once_it_was_synced(cents: int) -> None:
    found = of_adjustment(cents, invoice(10_000, 9_000))
    assert found.ledger == Move(10_000, 10_000 + cents)
    # A sync brings Stripe to the ledger's total, whatever stands there before.
    assert found.stripe == Move(9_000, 10_000 + cents)
    assert (found.choice, found.more_cents) == ("adjust", cents)


def test_a_void_invoices_money_is_billed_on_the_current_one_or_written_off() -> None:
    bill, write_off = of_void(4_000, invoice(10_000, 10_000))
    assert (bill.choice, bill.ledger, bill.stripe) == (
        "bill", Move(10_000, 14_000), Move(10_000, 14_000),
    )  # fmt: skip
    assert (write_off.choice, write_off.more_cents) == ("write_off", 0)
    assert write_off.ledger.stays
    assert write_off.stripe == Move(10_000, 10_000)
    assert not bill.ledger.stays


def test_a_total_that_is_not_known_costs_nothing_more() -> None:
    unknown = of_adjustment(0, invoice(0, None))
    assert unknown.more_cents == 0
