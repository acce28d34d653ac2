"""The countries that an address can be in, by their two letters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from babel import Locale

# Two letters that name no place for an address: groups of countries, and codes for tests.
_NO_COUNTRY = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
# Parts of countries that have a code by custom, and addresses in them that of the country.
_PARTS = {"CP", "CQ", "DG", "EA", "IC"}
_LENGTH = 2


@cache
def countries() -> Mapping[str, str]:
    """Return the English names by code, in the order of the names."""
    known = Locale("en").territories.items()
    left = ((code, name) for code, name in known if len(code) == _LENGTH and code.isalpha())
    named = [(code, name) for code, name in left if code not in _NO_COUNTRY | _PARTS]
    return dict(sorted(named, key=lambda one: one[1]))
