"""Which of a subscription's invoices takes a cycle's bill, if any: by what was read, purely."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.subscription import (
    ENDED,
    RENEWING,
    WAIT,
    is_older,
    of_renewal,
    rule_of_subscription,
    state_of,
    verdict,
    why_not_taken,
)
from dashboard.gateway.parsing import parse_invoice
from dashboard.gateway.records import RemoteInvoice, RemoteLine
from dashboard.gateway.subscription_records import RemoteSubscription

END = datetime(2026, 3, 31, 10, tzinfo=UTC)
HOUR, MINUTES, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
SUBSCRIPTION = RemoteSubscription(
    id="sub_1",
    customer_id="cus_1",
    status="active",
    currency="usd",
    anchor_at=datetime(2026, 1, 31, 10, tzinfo=UTC),
    period_start=END,
    period_end=datetime(2026, 4, 30, 10, tzinfo=UTC),
    periods_differ=False,
    interval="month",
    interval_count=1,
    paused_how=None,
    ends_at=None,
)


def made(at: datetime, **facts: object) -> RemoteInvoice:
    """Return a draft that the subscription made then."""
    data = {
        "id": "in_1",
        "status": "draft",
        "customer": "cus_1",
        "currency": "usd",
        "total": 9900,
        "amount_due": 9900,
        "amount_remaining": 9900,
        "amount_paid": 0,
        "pre_payment_credit_notes_amount": 0,
        "post_payment_credit_notes_amount": 0,
        "attempt_count": 0,
        "auto_advance": True,
        "billing_reason": "subscription_cycle",
        "created": int(at.timestamp()),
        "parent": {"subscription_details": {"subscription": "sub_1"}},
    }
    return parse_invoice(data | facts)


def test_the_draft_of_the_renewal_is_taken() -> None:
    draft = made(END + MINUTES)
    assert verdict(SUBSCRIPTION, [draft], END, now=END + MINUTES).takes == draft


def test_where_none_was_made_yet_the_bill_waits_and_then_goes_alone() -> None:
    soon = verdict(SUBSCRIPTION, [], END, now=END + WAIT - MINUTES)
    assert (soon.takes, soon.goes_alone) == (None, "")
    assert "brought no invoice" in verdict(SUBSCRIPTION, [], END, now=END + WAIT).goes_alone


def test_one_that_stripe_does_not_have_leaves_the_bill_alone() -> None:
    assert "not at Stripe" in verdict(None, [made(END)], END, now=END).goes_alone


@pytest.mark.parametrize("status", [*ENDED, "unpaid", "incomplete", "paused"])
def test_one_that_does_not_renew_takes_nothing(status: str) -> None:
    stopped = replace(SUBSCRIPTION, status=status)
    for invoices in ([], [made(END)]):
        found = verdict(stopped, invoices, END, now=END)
        assert (found.takes, found.goes_alone) == (None, f"The subscription is {status}.")


@pytest.mark.parametrize("status", RENEWING)
def test_one_that_is_paused_takes_nothing_whatever_its_status(status: str) -> None:
    paused = replace(SUBSCRIPTION, status=status, paused_how="void")
    assert "paused" in verdict(paused, [made(END)], END, now=END).goes_alone


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"status": "open"}, "Stripe issued in_1"),
        ({"status": "paid"}, "Stripe issued in_1"),
        ({"status": "void"}, "Stripe issued in_1"),
        ({"auto_advance": False}, "was held at Stripe"),
        ({"automatic_tax": {"enabled": True, "status": "complete"}}, "works out the tax"),
    ],
)
def test_an_invoice_that_may_not_bear_ours_is_left(facts: dict[str, object], why: str) -> None:
    found = verdict(SUBSCRIPTION, [made(END, **facts)], END, now=END)
    assert found.takes is None
    assert why in found.goes_alone


def test_prices_with_tax_within_are_left() -> None:
    line = RemoteLine("il_1", None, 9900, "Plan", END, END + DAY, tax_within_cents=1)
    assert "tax within" in why_not_taken(replace(made(END), lines=(line,)))


@pytest.mark.parametrize(
    "reason", ["subscription_create", "subscription_update", "subscription_threshold", "manual"]
)
def test_other_invoices_of_it_are_no_renewals(reason: str) -> None:
    assert of_renewal([made(END, billing_reason=reason)], END) is None


@given(
    minutes=st.lists(st.integers(-600, 600), min_size=1, max_size=4, unique=True),
)
def test_the_first_within_two_hours_is_the_renewals_in_whatever_order(minutes: list[int]) -> None:
    invoices = [made(END + one * MINUTES, id=f"in_{one}") for one in minutes]
    near = sorted(one for one in minutes if -5 <= one < 120)
    for order in permutations(invoices):
        found = of_renewal(order, END)
        assert (found and found.id) == (f"in_{near[0]}" if near else None)


@given(read=st.integers(-9, 9), kept=st.integers(-9, 9))
def test_only_a_reading_before_the_kept_one_is_older(read: int, kept: int) -> None:
    told = replace(SUBSCRIPTION, as_of=END + read * MINUTES)
    known = state_of(replace(SUBSCRIPTION, as_of=END + kept * MINUTES), now=END)
    assert is_older(told, known) is (read < kept)


def test_what_has_no_time_is_never_older() -> None:
    known = state_of(replace(SUBSCRIPTION, as_of=END), now=END)
    assert not is_older(SUBSCRIPTION, known)
    assert not is_older(replace(SUBSCRIPTION, as_of=END), None)
    assert not is_older(replace(SUBSCRIPTION, as_of=END), {"status": "active"})


def test_cycles_keep_the_31st_of_the_anchor() -> None:
    april = replace(SUBSCRIPTION, period_end=datetime(2026, 4, 30, 10, tzinfo=UTC))
    rule = rule_of_subscription(april)
    assert rule is not None
    assert rule.anchor == SUBSCRIPTION.anchor_at
    assert rule.containing(datetime(2026, 5, 15, tzinfo=UTC)).end == datetime(
        2026, 5, 31, 10, tzinfo=UTC
    )


def test_cycles_are_counted_from_the_end_of_a_trial() -> None:
    trial = replace(SUBSCRIPTION, period_end=datetime(2026, 4, 12, 7, tzinfo=UTC))
    rule = rule_of_subscription(trial)
    assert rule is not None
    assert rule.anchor == trial.period_end


@pytest.mark.parametrize(
    ("interval", "count", "counted"),
    [
        ("week", 1, "week"), ("month", 1, "month"), ("month", 3, "quarter"), ("month", 12, "year"),
        ("year", 1, "year"), ("day", 1, None), ("month", 2, None), ("week", 2, None), ("", 1, None),
    ],
)  # fmt: skip
def test_periods_are_counted_where_we_have_such_cycles(
    interval: str, count: int, counted: str | None
) -> None:
    told = replace(SUBSCRIPTION, interval=interval, interval_count=count)
    rule = rule_of_subscription(told)
    assert (rule and rule.interval) == counted
    assert rule_of_subscription(replace(told, periods_differ=True)) is None
