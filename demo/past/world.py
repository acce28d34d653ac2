"""The one clock of the past, moved from step to step: the ledger's and the simulator's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.conformance.api import Api
from dashboard.gateway.protocol import Unlimited
from dashboard.gateway.stripe import StripeGateway
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.sync.request import Request, request_sync
from dashboard.sync.run import execute
from dashboard.transaction import checkpoint, transaction
from dashboard.webhooks.batch import drain
from dashboard.webhooks.intake import store
from dashboard.webhooks.process import process
from demo.settings import DemoSettings

TIMEOUT_SECONDS = 30.0
# What the simulator tells while the past is made; one list of events names twenty kinds at most.
KINDS = (
    "invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_failed",
    "invoice.voided", "invoice.marked_uncollectible", "invoice.updated", "invoice_payment.paid",
    "payment_intent.payment_failed", "customer.updated", "payment_method.attached",
    "payment_method.updated", "credit_note.created", "refund.created", "charge.dispute.created",
)  # fmt: skip
AT_ONCE = 500


class World:
    """The ledger and the simulator at one instant, `now`; `today` is when the past ends."""

    def __init__(self, settings: DemoSettings, stripe: Api, *, today: datetime) -> None:
        self.today = self.now = today
        self.stripe = stripe
        # The limiter is for what shares Stripe's limits; here nobody else calls, and nobody waits.
        self.gateway = StripeGateway(
            settings.stripe_api_key,
            api_base=settings.stripe_api_base,
            timeout_seconds=TIMEOUT_SECONDS,
            webhook_secrets=[],
            limiter=Unlimited(),
        )
        self._base = settings.stripe_api_base
        self._session = requests.Session()
        self._heard = today

    def move_to(self, instant: datetime) -> None:
        """Make it `instant`, here and at the simulator, where what falls due on the way happens."""
        self.now = instant
        # Two cycles that end at one midnight are closed one after the other: time goes back a bit.
        self._heard = min(self._heard, instant)
        self.control("clock", now=instant.timestamp())

    def wait(self, **length: float) -> None:
        """Let so much time go by."""
        self.move_to(self.now + timedelta(**length))

    def sync(self, invoice: Invoice, request: Request | None = None) -> None:
        """Sync an invoice with the simulator, as a worker does."""
        with transaction():
            run = request_sync(invoice, request or Request("scheduled"), now=self.now)
        self.carry_out([run])

    def carry_out(self, runs: Iterable[SyncRun]) -> None:
        """Carry out runs that were requested."""
        for run in runs:
            with transaction():
                execute(
                    run.id,
                    gateway=self.gateway,
                    checkpoint=checkpoint,
                    clock=lambda: self.now,
                    pause=lambda _seconds: None,
                    owner="demo",
                )

    def listen(self) -> None:
        """Hear what the simulator told since the last time, and do what follows from it.

        The events are listed, as a back-fill does: nothing is delivered while the past is made.
        """
        with transaction():
            told = list(self.gateway.events_since(self._heard, KINDS))
            store(reversed(told), source="backfill", now=self.now)
        self._heard = self.now
        with transaction():
            drained = drain(gateway=self.gateway, checkpoint=checkpoint, now=self.now, most=AT_ONCE)
        self.carry_out(drained.runs)
        for event_id in drained.alone:
            self.handle(event_id)

    def handle(self, event_id: int) -> None:
        """Process one event by itself."""
        with transaction():
            runs = process(
                event_id, gateway=self.gateway, checkpoint=checkpoint, now=self.now, owner="demo"
            )
        self.carry_out(runs)

    def control(self, what: str, **body: Any) -> Any:
        """Change how the simulator behaves."""
        answer = self._session.post(
            f"{self._base}/_simulator/{what}", json=body, timeout=TIMEOUT_SECONDS
        )
        answer.raise_for_status()
        return answer.json()

    def lift_faults(self) -> None:
        """Let the simulator behave again."""
        self._session.delete(f"{self._base}/_simulator/faults", timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()


@contextmanager
def moved(settings: DemoSettings, stripe: Api, *, today: datetime) -> Iterator[World]:
    """Lend a world whose simulator tells nobody anything; afterwards its clock is right again."""
    with closing(World(settings, stripe, today=today)) as world:
        endpoint = world.control("webhooks")["url"]
        world.control("webhooks", url="")
        try:
            yield world
        finally:
            world.lift_faults()
            world.move_to(utc_now())
            world.control("webhooks", url=endpoint or "")


def can_be_moved(settings: DemoSettings) -> bool:
    """Whether what stands behind Stripe's address is the simulator."""
    try:
        answer = requests.get(f"{settings.stripe_api_base}/_simulator/health", timeout=5)
    except requests.RequestException:
        return False
    return answer.status_code == 200


def account(slug: str) -> Organization:
    """Return the organization of this name."""
    return db.session.scalars(select(Organization).where(Organization.slug == slug)).one()
