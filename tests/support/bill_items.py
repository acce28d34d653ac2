"""Items of a bill, made by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from dashboard.reading.rows import Item

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


IDS = count(1)


def fee(label: str, cents: int = 3600, *, sold: str = "Medium server", **facts: object) -> Item:
    """Return a fee for a service of the product Servers."""
    described = f"{sold} ({label})" if label else sold
    return item(described, cents, price_name=sold, product="Servers", **facts)


def item(description: str, cents: int, **facts: object) -> Item:
    """Return an item of a price that is its own product."""
    number = next(IDS)
    made = {
        "id": number, "kind": "recurring", "key": f"key:{number}", "cycle_id": 1,
        "price_version_id": 1, "description": description, "quantity": Decimal(1),
        "amount_cents": cents, "carried_cents": 0, "credited_cents": 0, "period_start": START,
        "period_end": END,
        "price_id": 1, "unit_label": "server", "product": description, "price_name": description,
        "model": "per_unit", "unit_amount": Decimal(cents), "package_size": None,
    }  # fmt: skip
    return Item(**(made | facts))
