"""Plain records of customers: what we tell Stripe of one and what it tells us."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.gateway.told import Told


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """What Stripe is told of an organization."""

    organization: str
    name: str
    email: str
    # Whose customer it is; None in steps that were written before installations had names.
    installation: str | None = None
    # Only where they are kept here: None is not told.
    address: Mapping[str, str] | None = None
    tax_exempt: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteCustomer(Told):
    """A customer at Stripe."""

    id: str
    organization: str | None
    installation: str | None = None
    request_id: str | None = None
    # The payment method that its invoices are charged to.
    default_card: str | None = None
    name: str | None = None
    email: str | None = None
    is_deleted: bool = False
    created_at: datetime | None = None
    # Names of the ledger's mark that it bears; then it is no organization's.
    marks: frozenset[str] = frozenset()
    # Its parts that say anything; see `addresses`.
    address: Mapping[str, str] = field(default_factory=dict)
    tax_exempt: str | None = None

    def said(self, names: Iterable[str]) -> dict[str, Any]:
        """Return what it says of those details, as it is kept here."""
        told = {
            "name": self.name,
            "email": self.email,
            "address": dict(self.address),
            "tax_exempt": self.tax_exempt,
        }
        return {name: told[name] for name in names if name in told}


@dataclass(frozen=True, slots=True)
class RemoteCard(Told):
    """A payment method, and what people recognize it by if it is a card.

    `was_of_id` is the customer it was taken from; only the event of that names it.
    """

    id: str
    customer_id: str | None
    was_of_id: str | None
    brand: str | None
    last4: str | None
    exp_month: int | None
    exp_year: int | None


@dataclass(frozen=True, slots=True)
class RemoteMark(Told):
    """The object that bears the ledger's mark, and the names of the marks that are on it."""

    id: str
    names: frozenset[str]
    is_deleted: bool = False
