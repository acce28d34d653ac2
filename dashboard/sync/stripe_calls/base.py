"""What a call to Stripe is: all that is known of one kind of call, in one object."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteCustomer, RemoteInvoice
from dashboard.sync.effects import agrees, is_about, record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.work import Work

Body = Mapping[str, Any]
Reply = RemoteCustomer | RemoteInvoice | None


@dataclass(frozen=True, slots=True)
class Sending:
    """As which a call is sent: the same however often."""

    key: str
    run: str


class StripeCall(ABC):
    """One call: what is sent, what its reply changes here, and how to see what it did.

    It is written ahead as a step: `operation` and `body` say all of it, and stay readable to later
    releases. Each kind stands in docs/faults.md and in tests/support/operations.py.
    """

    operation: ClassVar[str]

    @classmethod
    @abstractmethod
    def read(cls, body: Body) -> Self:
        """Return the call that a step keeps."""

    @abstractmethod
    def body(self) -> dict[str, Any]:
        """Return it as a step keeps it."""

    @abstractmethod
    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        """Make the call. Raises `GatewayError`."""

    @abstractmethod
    def take_over(self, work: Work, reply: Reply) -> None:
        """Note what the reply shows, in the transaction that ends the step."""

    @abstractmethod
    def read_back(self, work: Work) -> StripeCall | None:
        """See at Stripe what a call without an outcome did; raise `GatewayError`.

        Returned is the call that is to be made now, if any: itself where no plan makes it again.
        """

    @property
    def about(self) -> str | None:
        """Stripe's id of the invoice that it is about; None for what is about none."""
        return None


class AnsweredByInvoice(StripeCall):
    """A call whose reply is the invoice."""

    def take_over(self, work: Work, reply: Reply) -> None:
        extend(work.lease, now=work.clock())
        if isinstance(reply, RemoteInvoice) and is_about(work, self.about):
            record_invoice(work, reply)
            self.agree(work)
            # Of what is no draft any more nothing is left to be compared line by line.
            work.differs = reply.status == "draft" and not agrees(work.invoice, reply)

    def agree(self, work: Work) -> None:
        """Keep what Stripe confirmed and its reply does not tell."""
