"""Texts from Stripe pass one door: they can be stored, and show as they read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.gateway.parsing import parse_customer, parse_line
from dashboard.gateway.translate import translate
from dashboard.text import shown, unprintable

LINE: dict[str, Any] = {
    "id": "il_1",
    "amount": 5,
    "description": "Storage",
    "period": {"start": 1, "end": 2},
    "metadata": {},
}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Storage", "Storage"),
        ("Stor\0age", "Stor\ufffdage"),
        ("Stor\ud800age", "Stor\ufffdage"),
        ("Storage\u202e00.1 $", "Storage\ufffd00.1 $"),
        ("two\r\nlines\tand a tab", "two lines and a tab"),
        ("אבג\u200f", "אבג\u200f"),
        ("x" * 501, "x" * 499 + "…"),
    ],
)
def test_a_description_of_stripe_is_kept_as_it_can_be_shown(text: str, kept: str) -> None:
    assert parse_line(LINE | {"description": text}).description == kept


@given(st.text(st.characters(codec=None), max_size=600))
def test_whatever_it_is_can_be_stored_and_printed(text: str) -> None:
    kept = shown(text, most=500)
    kept.encode()
    assert len(kept) <= 500
    assert unprintable(kept) is None
    assert shown(kept, most=500) == kept


def test_a_key_that_is_too_long_is_none_of_ours() -> None:
    assert parse_line(LINE | {"metadata": {"dashboard_item": "k" * 121}}).key is None
    assert parse_line(LINE | {"metadata": {"dashboard_item": "k" * 120}}).key == "k" * 120


def test_every_text_of_a_record_passes_not_only_descriptions() -> None:
    made = {"id": "cus_1", "metadata": {"organization": "7\0"}}
    assert parse_customer(made).organization == "7\ufffd"


def test_an_error_of_stripe_that_repeats_what_was_sent_can_be_kept() -> None:
    class Error(Exception):
        user_message = "Invalid string: Stor\0age\ud800"
        request_id = "req_1"
        http_status = 400

    assert translate(Error()).message == "Stripe refused: Invalid string: Stor\ufffdage\ufffd."
