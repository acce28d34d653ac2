"""Whom Stripe made an invoice out to, and its tax, as far as they can be read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.gateway.billed_to import MOST_TAX_IDS, billed_to
from dashboard.text import unprintable

TOLD: dict[str, Any] = {
    "customer_name": "Harbour Robotics, LLC",
    "customer_email": "billing@harbour-robotics.example",
    "customer_address": {
        "line1": "27 Quayside Road", "line2": None, "city": "Port Elwin", "state": "WA",
        "postal_code": "98000", "country": "US",
    },
    "customer_tax_ids": [{"type": "us_ein", "value": "00-7654321"}],
}  # fmt: skip


def test_name_address_and_tax_ids_are_kept_as_they_are_written_on_a_letter() -> None:
    assert billed_to(TOLD) == {
        "name": "Harbour Robotics, LLC",
        "email": "billing@harbour-robotics.example",
        "address": ["27 Quayside Road", "Port Elwin, WA 98000", "US"],
        "tax_ids": ["00-7654321"],
    }


@pytest.mark.parametrize(
    ("told", "kept"), [("reverse", "reverse"), ("exempt", "exempt"), ("none", None), ([], None)]
)
def test_an_exemption_is_kept_where_there_is_one(told: Any, kept: str | None) -> None:
    assert billed_to({"customer_tax_exempt": told}).get("tax_exempt") == kept


@pytest.mark.parametrize(
    "told",
    [
        {},
        dict.fromkeys(TOLD),
        {"customer_address": "27 Quayside Road", "customer_tax_ids": {}, "customer_name": 5},
        {"customer_address": {"line1": 5}, "customer_tax_ids": [None, {"value": 5}, "x"]},
    ],
)
def test_what_is_not_told_or_of_another_form_is_left_out(told: dict[str, Any]) -> None:
    assert billed_to(told) == {}


def test_no_more_tax_ids_are_kept_than_a_document_has_room_for() -> None:
    many = [{"type": "eu_vat", "value": f"DE{number}"} for number in range(30)]
    assert len(billed_to({"customer_tax_ids": many})["tax_ids"]) == MOST_TAX_IDS


@given(st.text(st.characters(codec=None), max_size=300))
def test_every_text_of_it_can_be_kept_and_printed(text: str) -> None:
    told = billed_to(
        {
            "customer_name": text,
            "customer_address": {"line1": text, "city": text, "postal_code": text},
            "customer_tax_ids": [{"value": text}],
        }
    )
    for kept in [told.get("name", ""), *told.get("address", []), *told.get("tax_ids", [])]:
        kept.encode()
        assert unprintable(kept) is None
