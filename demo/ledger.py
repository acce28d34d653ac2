"""Fill the ledger through the API: prices, organizations, services, the usage of past days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from dashboard.billing.period import Period, period_containing
from demo.api import ApiRefused, BillingApi
from demo.catalogue import PRICES
from demo.organizations import DemoOrganization
from demo.services import DemoService
from demo.usage import history

Record = TypeVar("Record")
BATCH = 1000
# Inside the 35 days that the product looks back; only a start cut short long ago comes near it.
REACH = timedelta(days=34)


def seed_prices(api: BillingApi) -> None:
    """Make the prices that the catalogue lacks; those of an earlier demo had no products yet."""
    known = {price["code"]: price for price in api.prices()}
    for price in PRICES:
        found, product = known.get(price["code"]), price.get("product") or price["name"]
        if found is None:
            api.create_price(price)
        elif found["product"] == found["name"] != product:
            api.set_product(price["code"], product)


def seed_organization(api: BillingApi, wanted: DemoOrganization, *, now: datetime) -> None:
    """Make the organization, attach what it lacks, and report what it used before it was made."""
    found = api.organization(wanted.slug) or api.create_organization(wanted.body(now))
    past = past_of(found, now=now)
    if past.start < past.end:
        # Else it was made at the very beginning of a cycle: in the past, with all that it has.
        seed_services(api, wanted, past)
        seed_history(api, wanted, past)
    if wanted.credit_cents:
        give_credit(api, wanted)
    if wanted.budget_cents and api.budget_cents(wanted.slug) is None:
        api.set_budget(wanted.slug, wanted.budget_cents)


def past_of(organization: dict[str, Any], *, now: datetime) -> Period:
    """Return the time from the start of an organization's first cycle to when it was made."""
    anchor = datetime.fromisoformat(organization["cycle_anchor_at"])
    created_at = datetime.fromisoformat(organization["created_at"])
    first = period_containing(anchor, created_at)
    return Period(max(first.start, now - REACH), created_at)


def seed_services(api: BillingApi, wanted: DemoOrganization, past: Period) -> None:
    """Attach the services that the organization does not have yet."""
    known = {service["external_id"] for service in api.services(wanted.slug)}
    for service in wanted.services:
        if service.external_id not in known:
            api.attach(wanted.slug, attachment(service, past))


def attachment(service: DemoService, past: Period) -> dict[str, Any]:
    """Return what the API takes to attach `service`, its days counted from the start of `past`."""
    at = min(past.start + timedelta(days=service.after_days), past.end)
    return {
        "price": service.price,
        "quantity": str(service.quantity),
        "at": at.isoformat(),
        "label": service.label,
        "external_id": service.external_id,
    }


def seed_history(api: BillingApi, wanted: DemoOrganization, past: Period) -> None:
    """Report the usage of `past`; what was reported before counts once."""
    for batch in batches(history(wanted, past.start, past.end), BATCH):
        try:
            api.report(batch)
        except ApiRefused as refusal:
            # An earlier version of the demo reported other quantities; they stand.
            if "key_reused" not in refusal.codes:
                raise


def give_credit(api: BillingApi, wanted: DemoOrganization) -> None:
    """Credit the organization, once; not above the amount from which a second person approves."""
    try:
        api.adjust(wanted.slug, credit(wanted))
    except ApiRefused as refusal:
        # The past may have given it before; a program never gives so much. The rest goes on.
        if "second_person_wanted" not in refusal.codes:
            raise


def credit(wanted: DemoOrganization) -> dict[str, Any]:
    """Return what the API takes to give the organization its credit, once."""
    return {
        "amount_cents": -wanted.credit_cents,
        "description": "Credit for an interrupted night",
        "reason": "Demo: the shop was unreachable for an hour.",
        "key": "demo-credit",
    }


def batches(records: Iterable[Record], size: int) -> Iterator[Sequence[Record]]:
    """Yield `records` in order, `size` at a time."""
    left = iter(records)
    while batch := list(islice(left, size)):
        yield batch
