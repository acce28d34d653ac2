"""A refund names an intent as one, and whatever else paid as a charge."""

import pytest

from dashboard.gateway.requests import refunded_payment


@pytest.mark.parametrize(
    ("paid_by", "named"), [("pi_1", "payment_intent"), ("ch_1", "charge"), ("py_1", "charge")]
)
def test_only_an_intent_is_named_as_one(paid_by: str, named: str) -> None:
    assert refunded_payment(paid_by) == {named: paid_by}
