"""What a line may carry, read from a request: an integer amount, or unit price x quantity."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator.engine.errors import invalid, missing
from simulator.engine.metadata import merged
from simulator.engine.store import Record, new_id
from simulator.resources.amounts import line_amount

DECIMAL_PLACES = 12
_EXCLUSIVE = ("quantity", "quantity_decimal", "pricing", "price_data", "unit_amount_decimal")


def new_item(invoice: Record, given: Record, *, now: int, param: str) -> Record:
    """Return the row of a new line on `invoice`. Raises 400 naming `param` (e.g. `lines[3]`)."""
    item: Record = {
        "id": new_id("ii"),
        "invoice": invoice["id"],
        "customer": invoice["customer"],
        "currency": invoice["currency"],
        "created": now,
        "amount": 0,
        "quantity": "1",
        "unit_amount_decimal": None,
        "description": None,
        "metadata": {},
        "period": {"start": now, "end": now},
        "was_pending": False,
    }
    suffix = item["id"].removeprefix("ii_")
    item["price"], item["product"] = f"price_{suffix}", f"prod_{suffix}"
    return with_terms(item, given, param=param)


def with_terms(item: Record, given: Record, *, param: str) -> Record:
    """Return a copy of the row with what `given` sets. Raises 400; the row itself is untouched."""
    changed = dict(item)
    _check_exclusive(given, param)
    _check_currency(item, given, param)
    _set_amount(changed, given, param)
    changed["metadata"] = merged(
        item["metadata"], given.get("metadata"), param=f"{param}[metadata]"
    )
    if "description" in given:
        changed["description"] = given["description"] or None
    if "period" in given:
        changed["period"] = _period(given["period"], param)
    default = item.get("discountable", changed["amount"] >= 0)
    changed["discountable"] = given.get("discountable", default)
    return changed


def _check_exclusive(given: Record, param: str) -> None:
    """Stripe refuses an amount together with anything an amount would be computed from."""
    if "amount" not in given:
        return
    for other in _EXCLUSIVE:
        if other in given:
            raise invalid(
                f"You may only specify one of these parameters: amount, {other}.",
                param=f"{param}[{other}]" if param else other,
                code="parameters_exclusive",
            )


def _check_currency(item: Record, given: Record, param: str) -> None:
    currency = str((given.get("price_data") or {}).get("currency", item["currency"]))
    if currency.lower() != item["currency"]:
        raise invalid(
            f"The invoice is in {item['currency']}, not in {currency}.",
            param=f"{param}[price_data][currency]",
        )


def _set_amount(item: Record, given: Record, param: str) -> None:
    if "amount" in given:
        # A plain amount is taxed as the account's settings say.
        item |= {"amount": given["amount"], "quantity": "1", "unit_amount_decimal": None}
        item["tax_behavior"] = None
        return
    if price := (given.get("pricing") or {}).get("price"):
        raise missing("price", price, param=f"{param}[pricing][price]", status=400)
    if "price_data" in given:
        item["tax_behavior"] = given["price_data"].get("tax_behavior")
        item["product"] = given["price_data"].get("product", item["product"])
    unit, quantity = _unit_amount(given), _quantity(given, param)
    if unit is None and quantity is None:
        return
    if unit is None:
        unit = Decimal(item["unit_amount_decimal"] or item["amount"])
    item["unit_amount_decimal"] = format(unit, "f")
    item["quantity"] = format(Decimal(item["quantity"]) if quantity is None else quantity, "f")
    item["amount"] = line_amount(unit, Decimal(item["quantity"]))


def _unit_amount(given: Record) -> Decimal | None:
    priced: dict[str, Any] = given.get("price_data") or {}
    for source, name in ((priced, "unit_amount"), (priced, "unit_amount_decimal")):
        if name in source:
            return Decimal(source[name])
    return Decimal(given["unit_amount_decimal"]) if "unit_amount_decimal" in given else None


def _quantity(given: Record, param: str) -> Decimal | None:
    wanted = given.get("quantity_decimal", given.get("quantity"))
    if wanted is None:
        return None
    quantity = Decimal(wanted)
    exponent = quantity.as_tuple().exponent
    if quantity < 0 or (isinstance(exponent, int) and -exponent > DECIMAL_PLACES):
        raise invalid(
            f"A quantity is zero or more, with at most {DECIMAL_PLACES} decimal places.",
            param=f"{param}[quantity_decimal]",
        )
    return quantity


def _period(period: Record, param: str) -> Record:
    if period["end"] < period["start"]:
        raise invalid("The period's end must not be before its start.", param=f"{param}[period]")
    return {"start": period["start"], "end": period["end"]}
