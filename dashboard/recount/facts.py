"""The facts of one organization and what the ledger made of them, as plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from dashboard.billing.models import CHANGEABLE
from dashboard.billing.period import Period
from dashboard.pricing.terms import Terms


class Version(NamedTuple):
    """A price version and the time it is in force: `[start, end)`."""

    id: int
    price_id: int
    start: datetime
    end: datetime
    terms: Terms
    created_at: datetime


class Price(NamedTuple):
    """A catalog entry with its versions, the earliest first."""

    id: int
    name: str
    code: str
    meter: str | None
    interval: str
    versions: Sequence[Version]

    def version_at(self, instant: datetime) -> Version | None:
        """Return the version in force at an instant; None before the first."""
        return next((one for one in self.versions if one.start <= instant < one.end), None)


class Change(NamedTuple):
    """The quantity of a service from an instant on, and when that was told."""

    effective_at: datetime
    quantity: Decimal
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Service:
    """A price attached for a time."""

    id: int
    external_id: str | None
    label: str
    price_id: int
    attached_at: datetime
    detached_at: datetime | None
    created_at: datetime
    changes: list[Change] = field(default_factory=list)

    def covers(self, instant: datetime) -> bool:
        """Whether it is attached then."""
        ended = self.detached_at is not None and self.detached_at <= instant
        return self.attached_at <= instant and not ended


class Cycle(NamedTuple):
    """A nominal billing cycle."""

    id: int
    sequence: int
    starts_at: datetime
    ends_at: datetime
    interval: str
    whole_seconds: int | None

    @property
    def period(self) -> Period:
        """When it is."""
        return Period(self.starts_at, self.ends_at)


class Bill(NamedTuple):
    """An invoice, without its items; amounts in minor units."""

    id: int
    sequence: int
    cycle_id: int
    number: str | None
    status: str
    period_end: datetime
    total_cents: int
    sealed_at: datetime | None
    seal_after_at: datetime | None

    @property
    def called(self) -> str:
        """What people call it."""
        return f"invoice {self.number or self.sequence}"

    @property
    def is_changeable(self) -> bool:
        """Whether facts still change it."""
        return self.status in CHANGEABLE


class Item(NamedTuple):
    """A line of an invoice; amounts in minor units."""

    id: int
    invoice_id: int
    kind: str
    key: str
    cycle_id: int
    version_id: int | None
    service_id: int | None
    carried_from_id: int | None
    description: str
    quantity: Decimal
    amount_cents: int
    carried_cents: int
    credited_cents: int
    reissued_cents: int


class Claim(NamedTuple):
    """What an item of a void invoice claims, and what was decided of it."""

    state: str
    claimed_cents: int


class Charge(NamedTuple):
    """A one-off charge or credit."""

    invoice_id: int
    amount_cents: int
    description: str


class Link(NamedTuple):
    """An item with its invoice, as in `billing.chain`."""

    bill: Bill
    item: Item
    claim: Claim | None

    @property
    def credited_cents(self) -> int:
        """What credit notes took off what it bills; off a void one there is nothing."""
        return 0 if self.bill.status == "void" else self.item.credited_cents

    @property
    def forgiven_cents(self) -> int:
        """What of that is not asked for again; what was taken off to be billed again is."""
        reissued = 0 if self.bill.status == "void" else self.item.reissued_cents
        return self.credited_cents - reissued

    @property
    def billed_cents(self) -> int:
        """What is billed of it, less its credit notes; a void invoice bills nothing."""
        item = self.item
        billed = 0 if self.bill.status == "void" else item.amount_cents - item.carried_cents
        return billed - self.credited_cents


@dataclass(frozen=True, slots=True)
class Facts:
    """All of one organization but its usage, which is only summed up (`recount.usage`)."""

    id: int
    slug: str
    currency: str
    cycles: Mapping[int, Cycle]
    bills: Mapping[int, Bill]
    prices: Mapping[int, Price]
    services: Mapping[int, Service]
    items: Sequence[Item]
    claims: Mapping[int, Claim]
    charges: Mapping[int, Charge]
    # Every version of every price, by id; and the invoices in their order.
    versions: Mapping[int, Version]
    ordered_bills: Sequence[Bill]
    following: Mapping[int, list[Item]] = field(default_factory=lambda: defaultdict(list))

    def link(self, item: Item) -> Link:
        """Return an item with its invoice."""
        return Link(self.bills[item.invoice_id], item, self.claims.get(item.id))

    def family(self, item: Item) -> list[Link]:
        """Return an item and all that follows from it."""
        later = [link for one in self.following.get(item.id, ()) for link in self.family(one)]
        return [self.link(item), *later]
