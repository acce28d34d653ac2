"""A whole fleet whose cycles end at one instant, what it uses, and strangers on its account."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

import requests
from sqlalchemy import select

from benchmarks.soak.shop import SUPPORT, Shop
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.pricing.models import Price
from dashboard.sync.decide import Seen, decide_line
from dashboard.sync.models import AddedLine
from dashboard.sync.request import Request, request_sync
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from jobs.syncs import enqueue_run
from tests.factories import MeteredPriceFactory, PriceFactory, make_organization, make_service
from tests.support.stripe_dashboard import act, look

T = TypeVar("T")
METERS, FEES = 3, 3
A_TRANSACTION = 20
DAYS = timedelta(days=9)
# Of so many organizations, and so many foreign ones, somebody adds a line at Stripe.
ADDED, STRANGERS = 5, 25
NEIGHBOR = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


@dataclass
class Month(Shop):
    """The fleet; usage that was acknowledged is to be found again, as in the soak."""

    ends_at: datetime = field(default_factory=utc_now)

    def hour(self, size: int, *, until: datetime) -> list[ReportedRecord]:
        """Return a batch of usage of any of them, of the hours before `until`."""
        return [self._record(self.rng.choice(self.slugs), until) for _ in range(size)]

    def everyone(self, until: datetime) -> Iterator[list[ReportedRecord]]:
        """Yield batches of usage in which each organization has some, of the days before."""
        for begin in range(0, len(self.slugs), 150):
            some = self.slugs[begin : begin + 150]
            yield [self._record(slug, until, DAYS) for slug in some for _ in range(6)]

    def _record(
        self, slug: str, until: datetime, within: timedelta = timedelta(hours=2)
    ) -> ReportedRecord:
        self.sent += 1
        at = until - within * self.rng.random()
        units = Decimal(self.rng.randint(1, 9_999)) / 100
        meter = f"meter-{self.rng.randrange(METERS)}"
        return ReportedRecord(slug, meter, f"{slug}-{self.sent}", units, at)


def open_month(rng: random.Random, organizations: int, *, ends_at: datetime) -> Month:
    """Return so many organizations whose first month ends then, each with meters and fees."""
    began, attached = ends_at - 2 * DAYS, ends_at - DAYS - timedelta(hours=1)
    with transaction():
        for one in range(METERS):
            MeteredPriceFactory(code=f"meter-{one}", meter=f"meter-{one}")
        for one in range(FEES):
            PriceFactory(code=f"fee-{one}")
    slugs = [f"org-{number}" for number in range(organizations)]
    for begin in range(0, organizations, A_TRANSACTION):
        with transaction():
            prices = list(db.session.scalars(select(Price).order_by(Price.code)))
            for slug in slugs[begin : begin + A_TRANSACTION]:
                made = make_organization(slug, anchor=ends_at, now=began)
                fee = rng.choice([one for one in prices if one.kind == "recurring"])
                for price in (*(one for one in prices if one.kind == "metered"), fee):
                    make_service(made, price, now=utc_now(), at=attached)
    return Month(rng, slugs, ends_at=ends_at)


def patiently(do: Callable[[], T]) -> T:
    """Do something in Stripe's dashboard, again where Stripe fails here as well."""
    for _ in range(20):
        with suppress(requests.RequestException):
            return do()
    return do()


def pay_by_card(url: str, rng: random.Random, share: float) -> int:
    """Give a share of the fleet's customers a card; return how many."""
    with transaction():
        query = select(Invoice.stripe_invoice_id).where(Invoice.stripe_invoice_id.is_not(None))
        drafts = list(db.session.scalars(query.order_by(Invoice.id)))
    chosen = [one for one in drafts if rng.random() < share]
    for draft in chosen:
        patiently(partial(_give_card, url, draft))
    return len(chosen)


def _give_card(url: str, draft: str | None) -> None:
    customer = look(url, f"invoices/{draft}")["customer"]
    card = act(url, "payment_methods/pm_card_visa/attach", customer=customer)["id"]
    act(url, f"customers/{customer}", **{"invoice_settings[default_payment_method]": card})


def add_lines_by_hand(url: str, rng: random.Random) -> list[int]:
    """Have somebody add a line to a few drafts at Stripe; return their invoices."""
    with transaction():
        query = select(Invoice).where(Invoice.stripe_invoice_id.is_not(None))
        chosen = rng.sample(list(db.session.scalars(query.order_by(Invoice.id))), ADDED)
        drafts = {one.id: one.stripe_invoice_id for one in chosen}
    for draft in drafts.values():
        line = {"lines[0][amount]": 1234, "lines[0][description]": "Added by hand"}
        patiently(partial(act, url, f"invoices/{draft}/add_lines", **line))
    return list(drafts)


def remove_added_lines() -> int:
    """Decide that each line added by hand goes, as support does; return how many those are."""
    with transaction():
        lines = db.session.scalars(select(AddedLine).where(AddedLine.decision.is_(None))).all()
        for line in lines:
            seen, now = Seen(cents=line.amount_cents), utc_now()
            invoice = decide_line(line, "take_ours", seen=seen, actor=SUPPORT, now=now)
            enqueue_run(request_sync(invoice, Request("support", SUPPORT, verify=True), now=now))
        return len(lines)


def open_strangers(url: str) -> list[str]:
    """Open customers and drafts of another installation, with our numbers; return the drafts."""
    drafts = []
    for number in range(1, STRANGERS + 1):
        marks = {"metadata[dashboard_installation]": NEIGHBOR}
        whose = {"metadata[dashboard_organization]": str(number)}
        customer = act(url, "customers", email=f"billing@org-{number}.example", **marks, **whose)
        which = {"metadata[dashboard_invoice]": str(number)}
        draft = act(
            url, "invoices", customer=customer["id"], auto_advance="false", **marks, **which
        )
        line = {
            "lines[0][amount]": 700 + number,
            "lines[0][description]": "Theirs",
            "lines[0][metadata][dashboard_item]": f"metered:{number}",
        }
        act(url, f"invoices/{draft['id']}/add_lines", **line)
        drafts.append(draft["id"])
    return drafts


def finalize_strangers(url: str, drafts: list[str]) -> None:
    """Issue every second one: its events come to us as well."""
    for draft in drafts[::2]:
        patiently(partial(_finalize, url, draft))


def _finalize(url: str, draft: str) -> None:
    if look(url, f"invoices/{draft}")["status"] == "draft":
        act(url, f"invoices/{draft}/finalize")


def strangers_touched(url: str, drafts: list[str]) -> list[str]:
    """Return a sentence for each invoice of the other installation that is not as it left it."""
    wrong = []
    for number, draft in enumerate(drafts, 1):
        now = look(url, f"invoices/{draft}")
        wanted = ("open" if number % 2 else "draft", 700 + number)
        if (now["status"], now["total"]) != wanted:
            wrong.append(f"Foreign invoice {draft} is {now['status']} over {now['total']}.")
    return wrong


def not_issued(ends_at: datetime) -> int:
    """Return how many invoices of that cycle are neither final nor on hold."""
    query = select(Invoice.id).where(
        Invoice.period_end == ends_at,
        Invoice.status.not_in(FINALIZED),
        Invoice.parked_at.is_(None),
    )
    with transaction():
        return len(db.session.scalars(query).all())
