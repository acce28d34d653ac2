"""The parts of bills that are compared: what each is of, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, any_, func, select

from dashboard.billing.models import BillingCycle, Invoice, InvoiceItem
from dashboard.billing.reverse import reverses_key
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.products import product_in
from dashboard.reading.undone import undone_keys
from dashboard.services.models import Service, ServiceChange
from dashboard.statement import Statement, parameter


class Part(NamedTuple):
    """An item of a bill, or what stands for one at an earlier time.

    `cycle_id` is the invoice's, `of_cycle_id` the one it charges for. `service`: what people call
    it. `changed_at`: when the service last had another quantity. `reverses`: the key of the charge
    or credit that it reverses.
    """

    cycle_id: int
    sequence: int
    item_id: int
    kind: str
    of_cycle_id: int
    price_version_id: int | None
    price_id: int | None
    price: str | None
    product: str | None
    unit_label: str | None
    service_id: int | None
    service: str | None
    attached_at: datetime | None
    detached_at: datetime | None
    changed_at: datetime | None
    description: str
    quantity: Decimal
    cents: int
    created_at: datetime
    key: str = ""
    reverses: str | None = None

    @property
    def is_usage(self) -> bool:
        """Whether it bills usage of its own cycle."""
        return self.kind == "metered" and self.cycle_id == self.of_cycle_id

    @property
    def is_fee(self) -> bool:
        """Whether it bills a service for its own cycle."""
        return self.kind == "recurring" and self.cycle_id == self.of_cycle_id


def parts_of_cycles(organization_id: int, cycle_ids: Iterable[int]) -> list[Part]:
    """Return the items of all invoices of these cycles, but for void ones: nobody is billed those.

    What was reversed on its invoice is left out with its reversal. One statement.
    """
    return _told(_OF_CYCLES.rows(organization=organization_id, cycles=list(cycle_ids)))


def parts_of_invoices(organization_id: int, sequences: Sequence[int]) -> list[Part]:
    """Return the items of these invoices, without what was reversed on them; one statement."""
    return _told(_OF_INVOICES.rows(organization=organization_id, sequences=list(sequences)))


def _told(rows: Iterable[Sequence[Any]]) -> list[Part]:
    parts = [Part._make(row) for row in rows]
    undone = undone_keys((part for part in parts if part.kind == "adjustment"), _cents)
    return [part for part in parts if part.key not in undone]


def _cents(part: Part) -> int:
    return part.cents


_invoice, _item = Invoice.__table__, InvoiceItem.__table__
_version, _service = PriceVersion.__table__, Service.__table__
_price = Price.__table__.alias("price")


def _parts(*wanted: ColumnElement[bool]) -> Statement:
    changed_at = (
        select(func.max(ServiceChange.effective_at))
        .where(ServiceChange.service_id == _service.c.id)
        .scalar_subquery()
    )
    # A service that was given no name has its price's.
    called = func.coalesce(
        func.nullif(_service.c.label, _price.c.name), _service.c.external_id, _service.c.label
    )
    query: Select[Any] = (
        select(
            _invoice.c.cycle_id,
            _invoice.c.sequence,
            _item.c.id,
            _item.c.kind,
            _item.c.cycle_id.label("of_cycle_id"),
            _item.c.price_version_id,
            _price.c.id.label("price_id"),
            _price.c.name,
            product_in(_price),
            _price.c.unit_label,
            _service.c.id.label("service_id"),
            called,
            _service.c.attached_at,
            _service.c.detached_at,
            changed_at,
            _item.c.description,
            _item.c.quantity,
            _item.c.amount_cents - _item.c.carried_cents,
            _item.c.created_at,
            _item.c.key,
            reverses_key(_item).label("reverses"),
        )
        .select_from(
            _invoice.join(_item, _item.c.invoice_id == _invoice.c.id)
            .outerjoin(_version, _version.c.id == _item.c.price_version_id)
            .outerjoin(_price, _price.c.id == _version.c.price_id)
            .outerjoin(_service, _service.c.id == _item.c.service_id)
        )
        .where(_invoice.c.organization_id == parameter("organization", BigInteger), *wanted)
        .order_by(_item.c.id)
    )
    return Statement(query)


_OF_CYCLES = _parts(
    _invoice.c.cycle_id == any_(parameter("cycles", ARRAY(BigInteger))),
    _invoice.c.status != "void",
)
_OF_INVOICES = _parts(_invoice.c.sequence == any_(parameter("sequences", ARRAY(BigInteger))))


class CycleBefore(NamedTuple):
    """The cycle before another."""

    id: int
    starts_at: datetime
    ends_at: datetime


def cycle_before(organization_id: int, ends_at: datetime) -> CycleBefore | None:
    """Return the cycle of an organization that ends at `ends_at`; one statement."""
    row = _BEFORE.row(organization=organization_id, ends_at=ends_at)
    return CycleBefore._make(row) if row else None


_BEFORE = Statement(
    select(BillingCycle.id, BillingCycle.starts_at, BillingCycle.ends_at).where(
        BillingCycle.organization_id == parameter("organization", BigInteger),
        BillingCycle.ends_at == parameter("ends_at", BillingCycle.ends_at.type),
    )
)
