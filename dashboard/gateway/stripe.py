"""Stripe behind the gateway's protocol: the only module that imports the stripe library."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import stripe

from dashboard.config import Config
from dashboard.gateway.answers import Answer, answer_of
from dashboard.gateway.calls.credit_notes import CreditNoteCalls
from dashboard.gateway.calls.customers import CustomerCalls
from dashboard.gateway.calls.drafts import DraftCalls
from dashboard.gateway.calls.events import EventCalls
from dashboard.gateway.calls.invoices import InvoiceCalls
from dashboard.gateway.calls.lists import ListCalls
from dashboard.gateway.calls.marks import MarkCalls
from dashboard.gateway.calls.refunds import RefundCalls
from dashboard.gateway.calls.subscriptions import SubscriptionCalls
from dashboard.gateway.protocol import Limiter
from dashboard.gateway.requests import Body
from dashboard.gateway.translate import translate
from dashboard.gateway.wire import NoAnswer, Wire

# Telemetry writes a file to the user's home and sends platform details; neither is ours to give.
stripe.enable_telemetry = False


class _Client(stripe.HTTPClient):
    """The library's client, over our own wire."""

    name = "urllib3"

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def request(self, *what: Any, **_options: Any) -> tuple[Any, int, Mapping[str, str]]:
        try:
            return self._wire.send(*what)
        except NoAnswer as error:
            raise stripe.APIConnectionError(str(error)) from error  # type: ignore[no-untyped-call]


class StripeGateway(
    CustomerCalls,
    DraftCalls,
    InvoiceCalls,
    CreditNoteCalls,
    RefundCalls,
    EventCalls,
    ListCalls,
    MarkCalls,
    SubscriptionCalls,
):
    """`Gateway` over stripe-python. It never retries by itself: one policy decides that, above."""

    def __init__(
        self,
        api_key: str,
        *,
        api_base: str,
        timeout_seconds: float,
        webhook_secrets: Sequence[str],
        limiter: Limiter,
    ) -> None:
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base},
            max_network_retries=0,
            http_client=_Client(Wire(api_base, timeout_seconds, stripe.ca_bundle_path)),
        )
        self._secrets = tuple(webhook_secrets)
        self._live = "_live_" in api_key
        self._limiter = limiter

    @classmethod
    def from_config(
        cls, config: Config, limiter: Limiter, *, most_seconds: float = math.inf
    ) -> Self:
        """Return the gateway that `config` describes, calling as `limiter` admits.

        A call takes `most_seconds` where the configuration allows it more.
        """
        return cls(
            config.stripe_api_key,
            api_base=config.stripe_api_base,
            timeout_seconds=min(config.stripe_timeout_seconds, most_seconds),
            webhook_secrets=config.webhook_secrets,
            limiter=limiter,
        )

    def _call(
        self, endpoint: str, to: str, body: Body | None = None, *, key: str | None = None
    ) -> Answer:
        """Make one call when the limiter admits it; `endpoint` names what shares a limit.

        Raw, because the library's objects for a reply of ten lines cost more than all the rest of
        a call, and are only taken apart again.
        """
        method = endpoint.split()[0].lower()
        options = {} if key is None else {"idempotency_key": key}
        with self._limiter.admitted(endpoint):
            began = time.monotonic()
            try:
                reply = self._client.raw_request(method, to, **(body or {}), **options)
            except stripe.StripeError as error:
                raise translate(error) from error
            return answer_of(reply, seconds=time.monotonic() - began)
