"""Automatic tax as the simulator works it out: one rate per country, on top of each line.

Countries without a rate are those in which the account is not registered. The table and the
account's default behavior are set under /_simulator/tax.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from simulator.engine.errors import ApiError, refused
from simulator.engine.store import Record, Store
from simulator.resources.amounts import whole

SETTINGS = "tax_settings"
DEFAULT: Record = {
    "id": SETTINGS,
    "rates": {"DE": "0.19", "FR": "0.20", "IE": "0.23", "GB": "0.20", "CA": "0.05", "US": "0.08"},
    "behavior": "exclusive",
    "fails": False,
}
NEEDS_A_CODE = {"US": ("postal_code",), "CA": ("postal_code", "state"),
                "IN": ("postal_code", "state")}  # fmt: skip
US_CODE = 5
UNKNOWN = "unrecognized_location"
IN_WORDS = {"none": None, "exempt": "customer_exempt", "reverse": "reverse_charge"}


@dataclass(frozen=True, slots=True)
class Tax:
    """The tax of one line, in minor units; `is_within` says that the amount has it in it."""

    cents: int
    taxable_cents: int
    reason: str
    is_within: bool

    def render(self) -> Record:
        """Return it as invoices and lines show it."""
        return {
            "amount": self.cents,
            "tax_behavior": "inclusive" if self.is_within else "exclusive",
            "tax_rate_details": None,
            "taxability_reason": self.reason,
            "taxable_amount": self.taxable_cents,
            "type": "tax_rate_details",
        }


def settings_of(store: Store) -> Record:
    """Return the account's rates and default behavior."""
    return store.get(SETTINGS, SETTINGS) or DEFAULT


def location_of(store: Store, customer: Record) -> str:
    """Return what Stripe would say of the customer's location."""
    settings = settings_of(store)
    address = customer.get("address") or {}
    country = str(address.get("country") or "").upper()
    needed = NEEDS_A_CODE.get(country, ())
    if len(country) != len("DE") or (needed and not any(address.get(name) for name in needed)):
        return UNKNOWN
    if country == "US" and len(str(address.get("postal_code") or "")) < US_CODE:
        return UNKNOWN
    if settings["fails"]:
        return "failed"
    return "supported" if country in settings["rates"] else "not_collecting"


def status_of(store: Store, invoice: Record) -> str | None:
    """Return how far the invoice's tax is; None where it is off."""
    if not invoice.get("automatic_tax"):
        return None
    kept = invoice.get("tax_status")
    if kept is not None:
        return str(kept)
    found = location_of(store, store.all("customer")[invoice["customer"]])
    if found == UNKNOWN:
        return "requires_location_inputs"
    return "failed" if found == "failed" else "complete"


def taxes_of(store: Store, invoice: Record) -> dict[str, Tax]:
    """Return the tax of each line by its item's id; of a final invoice what was fixed."""
    if status_of(store, invoice) != "complete":
        return {}
    kept = invoice.get("taxes")
    if kept is not None:
        return {name: Tax(*parts) for name, parts in kept.items()}
    items = store.all("invoiceitem")
    customer = store.all("customer")[invoice["customer"]]
    return {one: _tax(store, customer, items[one]) for one in invoice["items"]}


def on_top(taxes: Iterable[Tax]) -> int:
    """Return what the taxes add to the sum of the lines."""
    return sum(one.cents for one in taxes if not one.is_within)


def within(taxes: Iterable[Tax]) -> int:
    """Return what of the sum of the lines is tax."""
    return sum(one.cents for one in taxes if one.is_within)


def summed(taxes: Iterable[Tax]) -> list[Record]:
    """Return the invoice's taxes as it shows them: one for each reason and behavior."""
    found: dict[tuple[str, bool], Tax] = {}
    for one in taxes:
        name = (one.reason, one.is_within)
        before = found.get(name, Tax(0, 0, *name))
        cents, taxable = before.cents + one.cents, before.taxable_cents + one.taxable_cents
        found[name] = Tax(cents, taxable, *name)
    return [one.render() for one in found.values()]


def fix_taxes(store: Store, invoice: Record) -> None:
    """Keep the tax as it is when the invoice is finalized. Raises 400 without a location."""
    status = status_of(store, invoice)
    if status is None:
        return
    if status != "complete":
        raise _not_taxable(status)
    taxes = taxes_of(store, invoice)
    invoice["taxes"] = {
        name: [one.cents, one.taxable_cents, one.reason, one.is_within]
        for name, one in taxes.items()
    }
    invoice["tax_status"] = status


def refuse_untaxable(store: Store, is_taxed: bool, items: Iterable[Record]) -> None:
    """Raise 400 where automatic tax meets a line below zero or without a behavior."""
    for item in items if is_taxed else ():
        if item["amount"] < 0:
            raise refused(
                "Automatic tax cannot be enabled on an invoice with a negative line item.",
                param="automatic_tax",
            )
        if _behavior(store, item) == "unspecified":
            raise refused(
                "Automatic tax needs a tax_behavior on every price of the invoice.",
                param="automatic_tax",
            )


def _not_taxable(status: str) -> ApiError:
    if status == "requires_location_inputs":
        return refused(
            "The customer's location isn't recognized. Set a valid customer address in order to "
            "automatically calculate tax.",
            code="customer_tax_location_invalid",
        )
    return refused("The tax of this invoice could not be calculated.",
                   code="taxes_calculation_failed")  # fmt: skip


def _tax(store: Store, customer: Record, item: Record) -> Tax:
    amount, is_within = int(item["amount"]), _behavior(store, item) == "inclusive"
    exempt = IN_WORDS.get(customer["tax_exempt"])
    if exempt is not None:
        return Tax(0, 0, exempt, is_within)
    rate = settings_of(store)["rates"].get(str((customer["address"] or {})["country"]).upper())
    if rate is None:
        return Tax(0, 0, "not_collecting", is_within)
    part = Fraction(rate)
    cents = amount * part / (1 + part) if is_within else amount * part
    taxed = whole(cents)
    return Tax(taxed, amount - taxed if is_within else amount, "standard_rated", is_within)


def _behavior(store: Store, item: Record) -> str:
    return str(item.get("tax_behavior") or settings_of(store)["behavior"])
