"""Calls about the customer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from dashboard.gateway.customer_records import CustomerDraft, RemoteCustomer
from dashboard.gateway.protocol import Gateway
from dashboard.organizations.models import KEPT_HERE
from dashboard.sync.effects import forget_customer, record_customer
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.work import Work

DETAILS = ("name", "email", *KEPT_HERE)


class _OfCustomer(StripeCall[Work]):
    """A call whose reply is the customer, told a name, an e-mail and what else is kept here."""

    def take_over(self, work: Work, reply: Reply) -> None:
        if isinstance(reply, RemoteCustomer):
            told = self.body()
            details = {name: told[name] for name in DETAILS if name in told}
            details["email"] = told["email"].lower()
            record_customer(work.invoice.organization, reply, details)


@dataclass(frozen=True, slots=True)
class CreateCustomer(_OfCustomer):
    """Make the organization's customer."""

    operation = "create_customer"
    draft: CustomerDraft

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(CustomerDraft(**body))

    def body(self) -> dict[str, Any]:
        return _as_kept(asdict(self.draft))

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.create_customer(self.draft, key=sending.key)

    def read_back(self, work: Work) -> None:
        found = work.gateway.find_customer(self.draft)
        if found is not None:
            record_customer(work.invoice.organization, found)


@dataclass(frozen=True, slots=True)
class UpdateCustomer(_OfCustomer):
    """Set what the customer is called, where mail goes, and what else is kept here."""

    operation = "update_customer"
    customer_id: str
    name: str
    email: str
    address: dict[str, str] | None = None
    tax_exempt: str | None = None

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(**body)

    def body(self) -> dict[str, Any]:
        return _as_kept(asdict(self))

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.update_customer(
            self.customer_id,
            self.name,
            self.email,
            key=sending.key,
            address=self.address,
            tax_exempt=self.tax_exempt,
        )

    def read_back(self, work: Work) -> None:
        # Where it says something else than is wanted, it is told again.
        found = work.gateway.customer(self.customer_id)
        if found.is_deleted:
            forget_customer(work, found.id)
        else:
            record_customer(work.invoice.organization, found)


def _as_kept(told: dict[str, Any]) -> dict[str, Any]:
    """Return what a step keeps: as ever, but for what earlier releases did not know."""
    return {name: one for name, one in told.items() if one is not None or name not in KEPT_HERE}
