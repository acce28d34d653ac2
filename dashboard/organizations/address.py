"""What can be kept of an organization's address, and of whether it is asked for tax."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.errors import Invalid
from dashboard.organizations.countries import countries
from dashboard.text import unprintable

MOST_OF = {"line1": 200, "line2": 200, "city": 100, "state": 100, "postal_code": 20, "country": 2}
EXEMPTIONS = ("none", "exempt", "reverse")


def checked_address(given: Mapping[str, str | None] | None) -> dict[str, str] | None:
    """Return the parts that say anything; None if none does.

    Raises Invalid, with the part as its field, for what no address has.
    """
    parts = {name: (said or "").strip() for name, said in (given or {}).items()}
    address = {name: said for name, said in parts.items() if said}
    for name, said in address.items():
        _check_part(name, said)
    if not address:
        return None
    address["country"] = _country(address.get("country", ""))
    return address


def checked_exemption(given: str | None) -> str | None:
    """Return whether tax is asked for; raises Invalid for other words."""
    if given is not None and given not in EXEMPTIONS:
        raise Invalid(
            f"Tax is {', '.join(EXEMPTIONS)}, or left to Stripe. Nothing was changed. Choose one.",
            field="tax_exempt",
        )
    return given


def _check_part(name: str, said: str) -> None:
    if name not in MOST_OF:
        raise Invalid(
            f"An address has {', '.join(MOST_OF)}. Nothing was changed. Leave out the rest.",
            field="address",
        )
    if len(said) > MOST_OF[name] or unprintable(said):
        raise Invalid(
            f"This part of the address has up to {MOST_OF[name]} printable characters. Nothing was "
            "changed. Enter it shorter.",
            field=name,
        )


def _country(code: str) -> str:
    code = code.upper()
    if code not in countries():
        raise Invalid(
            "An address needs its country, by two letters such as DE. Nothing was changed. Choose "
            "a country.",
            field="country",
        )
    return code
