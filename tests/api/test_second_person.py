"""Above the limit of four eyes a token moves nothing: two people agree, and a program is none."""

from collections.abc import Callable

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.billing.models import Adjustment
from tests.api.conftest import Caller
from tests.views.conftest import acme, limit_of_200

__all__ = ["acme", "limit_of_200"]
CHARGES = "/organizations/acme/adjustments"


def charge(cents: int) -> dict[str, object]:
    """Return a charge as it is sent."""
    return {"amount_cents": cents, "description": "Setup", "reason": "Sold", "key": f"k{cents}"}


@pytest.mark.usefixtures("acme", "limit_of_200")
def test_a_token_moves_the_limit_and_not_a_cent_more(
    caller_with: Callable[..., Caller], db: SQLAlchemy
) -> None:
    caller = caller_with("adjustments:write")
    assert caller.post(CHARGES, charge(20_000)).status_code == 201
    for cents in (20_001, -20_001):
        refused = caller.post(CHARGES, charge(cents))
        assert refused.status_code == 403
        assert refused.json["code"] == "second_person_wanted"
    voided = {"decision": "bill", "cents": 20_001}
    refused = caller.post("/organizations/acme/invoices/1/void-decisions", voided)
    assert (refused.status_code, refused.json["code"]) == (403, "second_person_wanted")
    made = db.session.scalars(select(Adjustment.amount_cents).order_by(Adjustment.id)).all()
    assert made == [-500, 20_000]


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("key", ["proposal:4", "reversal:1", "adopted:il_1", "waived-7"])
def test_no_caller_takes_a_key_that_is_made_here(
    caller_with: Callable[..., Caller], db: SQLAlchemy, key: str
) -> None:
    """An approval under that key would be refused for ever, and a waiver is counted elsewhere."""
    caller = caller_with("adjustments:write")
    for refused in (
        caller.post(CHARGES, charge(100) | {"key": key}),
        caller.post(CHARGES, {**charge(100), "key": None}, Idempotency_Key=key),
    ):
        assert (refused.status_code, refused.json["code"]) == (422, "invalid")
        assert "A key cannot begin with" in refused.json["detail"]
    assert db.session.scalars(select(Adjustment.amount_cents)).all() == [-500]


@pytest.mark.usefixtures("acme")
def test_without_a_limit_a_token_moves_any_amount(caller_with: Callable[..., Caller]) -> None:
    caller = caller_with("adjustments:write")
    assert caller.post(CHARGES, charge(50_000_000)).status_code == 201


@pytest.mark.usefixtures("acme")
def test_the_repeat_of_what_was_done_before_the_limit_is_answered_as_it_was(
    caller_with: Callable[..., Caller], request: pytest.FixtureRequest
) -> None:
    caller = caller_with("adjustments:write")
    done = caller.post(CHARGES, charge(50_000))
    request.getfixturevalue("limit_of_200")
    repeated = caller.post(CHARGES, charge(50_000))
    assert (repeated.status_code, repeated.json) == (201, done.json)
    other = caller.post(CHARGES, charge(50_000) | {"amount_cents": 60_000})
    assert (other.status_code, other.json["code"]) == (409, "key_reused")
    assert caller.post(CHARGES, charge(50_001)).status_code == 403
