"""What an address can be, and what is left of it."""

from typing import Any

import pytest

from dashboard.errors import Invalid
from dashboard.organizations.address import checked_address, checked_exemption
from dashboard.organizations.countries import countries


def test_empty_parts_are_left_out_and_the_country_is_in_capitals() -> None:
    given = {"line1": " Unter den Linden 1 ", "line2": "", "city": None, "country": "de"}
    assert checked_address(given) == {"line1": "Unter den Linden 1", "country": "DE"}


@pytest.mark.parametrize("given", [None, {}, {"country": "", "city": " "}])
def test_an_address_without_a_word_is_none(given: Any) -> None:
    assert checked_address(given) is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"city": "Berlin"}, "country"),
        ({"country": "Germany"}, "country"),
        ({"country": "ZZ"}, "country"),
        ({"country": "EU"}, "country"),
        ({"country": "DE", "postal_code": "1" * 21}, "postal_code"),
        ({"country": "DE", "line1": "a\x00b"}, "line1"),
        ({"country": "DE", "planet": "Earth"}, "address"),
    ],
)
def test_what_no_address_has_is_refused_beside_its_field(given: Any, field: str) -> None:
    with pytest.raises(Invalid, match="Nothing was changed") as raised:
        checked_address(given)
    assert raised.value.facts["field"] == field


def test_tax_is_asked_for_or_not_in_stripes_words() -> None:
    assert [checked_exemption(one) for one in ("reverse", None)] == ["reverse", None]
    with pytest.raises(Invalid, match="Choose one"):
        checked_exemption("never")


def test_countries_are_places_by_name() -> None:
    names = list(countries().values())
    assert (countries()["DE"], names == sorted(names)) == ("Germany", True)
    assert {"ZZ", "EU", "001"}.isdisjoint(countries())
