"""Calls about what waits in a customer's pool for the next invoice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Self

from dashboard.gateway.errors import Missing
from dashboard.gateway.protocol import Gateway
from dashboard.sync.lease import extend
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.work import Work


@dataclass(frozen=True, slots=True)
class DeleteItem(StripeCall[Work]):
    """Delete a pending item. Safe to repeat, and a reading would say nothing that this does not."""

    operation = "delete_item"
    item_id: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(**body)

    def body(self) -> dict[str, Any]:
        return asdict(self)

    def send(self, gateway: Gateway, _sending: Sending) -> Reply:
        with suppress(Missing):
            gateway.delete_item(self.item_id)
        return None

    def take_over(self, work: Work, _reply: Reply) -> None:
        extend(work.lease, now=work.clock())

    def read_back(self, _work: Work) -> Self:
        return self
