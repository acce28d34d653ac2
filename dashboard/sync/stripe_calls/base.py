"""What a call to Stripe is: all that is known of one kind of call, in one object."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeVar

from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteCorrection, RemoteInvoice
from dashboard.sync.effects import is_about, record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.work import Work

Body = Mapping[str, Any]
Reply = RemoteCustomer | RemoteInvoice | RemoteCorrection | None
# What a call needs to be made: any work, or that of a sync.
W = TypeVar("W", bound=Work, contravariant=True)


@dataclass(frozen=True, slots=True)
class Sending:
    """As which a call is sent: the same however often. `run` is the sync's, where one makes it."""

    key: str
    run: str


class StripeCall(ABC, Generic[W]):
    """One call: what is sent, what its reply changes here, and how to see what it did.

    `StripeCall[Work]` is for whoever holds the invoice's lease; `StripeCall[DraftWork]` is about a
    draft, and only its sync makes it.

    It is written ahead as a step: `operation` and `body` say all of it, and stay readable to later
    releases. Each kind stands in docs/faults.md and in tests/support/operations.py.
    """

    operation: ClassVar[str]
    # Whether only a sync of the draft can take over what it did.
    needs_sync: ClassVar[bool] = False

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
    def take_over(self, work: W, reply: Reply) -> None:
        """Note what the reply shows, in the transaction that ends the step."""

    @abstractmethod
    def read_back(self, work: W) -> StripeCall[W] | None:
        """See at Stripe what a call without an outcome did; raise `GatewayError`.

        Returned is the call that is to be made now, if any: itself where nobody makes it again.
        """

    def is_still_wanted(self, _work: W) -> bool:
        """Whether it may be sent again under its key, which Stripe may never have seen.

        What moves money looks whether another call did it since, or something stands against it.
        """
        return True

    @property
    def about(self) -> str | None:
        """Stripe's id of the invoice that it is about; None for what is about none."""
        return None


class AnsweredByInvoice(StripeCall[W]):
    """A call whose reply is the invoice."""

    def take_over(self, work: W, reply: Reply) -> None:
        extend(work.lease, now=work.clock())
        if isinstance(reply, RemoteInvoice) and is_about(work, self.about):
            record_invoice(work, reply)
            self.agree(work, reply)

    def agree(self, work: W, reply: RemoteInvoice) -> None:
        """Keep what Stripe confirmed beside what the invoice itself shows."""
