"""Products: what prices are listed and added up under; of a price that names none, its own name."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, FromClause, func

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.pricing.models import Price


class Sold(Protocol):
    """What is asked of a price, or of a row that has read of one."""

    @property
    def product(self) -> str | None: ...
    @property
    def name(self) -> str: ...


def product_of(price: Sold) -> str:
    """Return the product that `price` belongs to."""
    return price.product or price.name


def product_in(prices: FromClause) -> ColumnElement[Any]:
    """Return what `product_of` returns, as a column of a query over `prices`."""
    return func.coalesce(prices.c.product, prices.c.name)


def set_product(price: Price, product: str | None, *, now: datetime, actor: Actor) -> Price:
    """List `price` under `product`, None: its own name. The same again changes nothing.

    Bills that were issued are listed so too: what they say and come to stays as it was.
    """
    before = product_of(price)
    price.product = product
    if product_of(price) != before:
        facts = {"code": price.code, "product": product_of(price), "product_before": before}
        write_entry("price.product_changed", price, actor, facts, now=now)
    return price
