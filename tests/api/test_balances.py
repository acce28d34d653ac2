"""A sub-system reads what moved the customer's balance."""

from __future__ import annotations

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from tests.api.conftest import Caller
from tests.support.api_story import set_up
from tests.support.money_acts import issue_at_stripe

PATH = "/organizations/acme/balance"


def test_each_move_has_the_balance_after_it(caller: Caller) -> None:
    set_up(caller)
    assert caller.get(PATH).json == {"currency": "usd", "balance_cents": None, "moves": []}
    issue_at_stripe(db.session.query(Invoice).one(), due=0, before=-500, after=-200, status="paid")
    told = caller.get(PATH).json
    assert told["balance_cents"] == -200
    moves = [(one["kind"], one["cents"], one["balance_cents"]) for one in told["moves"]]
    assert moves == [("unknown", -500, -500), ("invoice", 300, -200)]
    assert {one["invoice"] for one in told["moves"]} == {1}
