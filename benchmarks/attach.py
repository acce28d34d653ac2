"""Attaching many services to one organization, as one list: what each of them takes."""

from __future__ import annotations

from time import perf_counter

from flask import Flask

from benchmarks.registry import Figure, benchmark
from dashboard.clock import utc_now
from dashboard.services.attach import attach_services
from dashboard.services.known import Attachment
from dashboard.transaction import transaction
from tests.factories import SUPPORT, PriceFactory, make_organization

FEW, MANY = 50, 800
# Twice as much for each would be growth that shows; the rest is the machine's.
AT_MOST = 1.5


@benchmark("attach_many", "attach_many_growth")
def attach_many(_app: Flask) -> list[Figure]:
    """Attach a short and a long list, each to an organization of its own."""
    each(FEW, "warm-up")
    few, many = each(FEW, "few"), each(MANY, "many")
    return [
        Figure("attach_many", many, "ms a service", MANY, floor=few),
        Figure("attach_many_growth", many / few, "of a short list's", MANY, bound=AT_MOST),
    ]


def each(size: int, slug: str) -> float:
    """Return the milliseconds that attaching takes for each of `size` services."""
    now = utc_now()
    with transaction():
        organization, price = make_organization(slug, anchor=now, now=now), PriceFactory()
        wanted = [(price, Attachment(external_id=f"db-{n}", label=f"db-{n}")) for n in range(size)]
    started = perf_counter()
    with transaction():
        attach_services(organization, wanted, now=now, actor=SUPPORT)
    return (perf_counter() - started) * 1000 / size
