"""A budget through the API: set, read beside the cycle, taken away."""

import pytest

from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.api.conftest import Caller
from tests.budgets.support import charge, look
from tests.factories import make_organization

PATH = "/organizations/acme/budget"


@pytest.fixture
def acme(db) -> Organization:
    with transaction():
        return make_organization("acme")


def test_without_a_budget_there_is_nothing_to_compare(caller: Caller, acme: Organization) -> None:
    assert caller.get(PATH).json == {
        "amount_cents": None, "currency": "usd", "used_cents": None, "used_percent": None,
        "likely_cents": None, "crosses_at": None, "alerts": [],
    }  # fmt: skip


def test_it_is_set_and_read_beside_the_cycle(caller: Caller, acme: Organization) -> None:
    charge(acme, 8_300)
    for _ in range(2):
        assert caller.put(PATH, {"amount_cents": 10_000}).status_code == 200
    look()
    told = caller.get(PATH).json
    assert (told["used_cents"], told["used_percent"]) == (8_300, 83)
    assert [(one["kind"], one["percent"], one["cents"]) for one in told["alerts"]] == [
        ("used", 50, 8_300), ("used", 75, 8_300),
    ]  # fmt: skip


def test_null_takes_it_away(caller: Caller, acme: Organization) -> None:
    caller.put(PATH, {"amount_cents": 10_000})
    assert caller.put(PATH, {"amount_cents": None}).json["amount_cents"] is None


@pytest.mark.parametrize(
    "body", [{}, *({"amount_cents": one} for one in (0, -1, "100", 1.5, 10**12 + 1))]
)
def test_what_is_no_amount_is_refused(caller: Caller, acme: Organization, body: dict) -> None:
    refused = caller.put(PATH, body)
    assert refused.status_code == 422
    assert refused.json["errors"][0]["field"] == "amount_cents"
    assert caller.get(PATH).json["amount_cents"] is None


def test_reading_and_writing_are_scopes_of_their_own(caller_with, acme: Organization) -> None:
    reads = caller_with("budgets:read")
    assert reads.get(PATH).status_code == 200
    assert reads.put(PATH, {"amount_cents": 1}).status_code == 403
    assert caller_with("invoices:read").get(PATH).status_code == 403


def test_a_token_of_another_organization_finds_none(caller_with, acme: Organization) -> None:
    with transaction():
        other = make_organization("other")
    assert caller_with(organization_id=other.id).get(PATH).status_code == 404
