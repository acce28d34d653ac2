"""What a batch is resolved against: organizations, cycles, metered services, price versions.

Plain values, read with one query each, whatever the number of records; no row becomes an object of
the session.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text

from dashboard.billing.policy import current_policy
from dashboard.extensions import db
from dashboard.pricing.terms import Terms
from dashboard.usage.modest import most_units


class Cycle(NamedTuple):
    """A nominal cycle."""

    id: int
    starts_at: datetime
    ends_at: datetime


class Attached(NamedTuple):
    """A service and the time it is attached; without an end it is None."""

    id: int
    external_id: str | None
    price_id: int
    attached_at: datetime
    detached_at: datetime | None

    def covers(self, instant: datetime) -> bool:
        """Whether it is attached then."""
        ended = self.detached_at is not None and self.detached_at <= instant
        return self.attached_at <= instant and not ended


class Version(NamedTuple):
    """A price version from its instant on, and how many units of it are beyond all doubt."""

    id: int
    effective_at: datetime
    most_units: Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """An organization: its cycles, the newest first, and what counts each of its meters.

    A meter that was asked for and is counted by nothing is there, with nothing.
    """

    id: int
    slug: str
    # Read before its services were.
    services_revision: int
    cycles: list[Cycle]
    services: dict[str, list[Attached]]

    def with_more_of(self, earlier: Account | None) -> Account:
        """Return it with the meters that it was asked for before, if nothing changed since."""
        same = (self.id, self.services_revision)
        if earlier is None or (earlier.id, earlier.services_revision) != same:
            return self
        return replace(self, services={**earlier.services, **self.services})


@dataclass(frozen=True, slots=True)
class PriceVersions:
    """The versions of all prices of a meter, by price, the newest first; and how many there are."""

    count: int
    of_price: dict[int, list[Version]]


@dataclass(frozen=True, slots=True)
class Books:
    """The accounts by slug, and what their meters cost."""

    accounts: dict[str, Account]
    versions: dict[str, PriceVersions]
    # Usage from before then has no keys any more; None where all are there.
    forgotten_until: datetime | None = None


ACCOUNTS = text("""
    select (select max(keys_forgotten_until) from installations),
           organizations.id, slug, services_revision, cycles.id, starts_at, ends_at
    from organizations
    left join billing_cycles as cycles
      on cycles.organization_id = organizations.id and ends_at > :since
    where slug = any(:slugs)
    order by organizations.id, starts_at desc
""")
SERVICES = text("""
    select organization_id, meter, services.id, external_id, price_id, attached_at, detached_at
    from services join prices on prices.id = price_id
    where organization_id = any(:organizations) and meter is not null
""")
VERSIONS = text("""
    select meter, price_id, versions.id as version_id, effective_at, model, unit_amount, allowance,
           package_size, tiers, currency, unit_label
    from price_versions as versions join prices on prices.id = price_id
    where meter = any(:meters) order by price_id, effective_at desc
""")


def read_books(slugs: Collection[str], meters: Collection[str], *, now: datetime) -> Books:
    """Return what entries of these organizations and meters are resolved against.

    All meters of an organization, as it will report those too: one at a time, many would be looked
    up before it is known.
    """
    accounts, forgotten_until = _accounts(slugs, meters, now - current_policy().max_age)
    by_id = {account.id: account for account in accounts.values()}
    every = set(meters)
    for organization_id, meter, *service in db.session.execute(
        SERVICES, {"organizations": list(by_id)}
    ):
        by_id[organization_id].services.setdefault(meter, []).append(Attached(*service))
        every.add(meter)
    return Books(accounts, _versions(every), forgotten_until)


def _accounts(
    slugs: Collection[str], meters: Collection[str], since: datetime
) -> tuple[dict[str, Account], datetime | None]:
    accounts: dict[str, Account] = {}
    forgotten_until = None
    asked = {"slugs": list(slugs), "since": since}
    rows = db.session.execute(ACCOUNTS, asked)
    for forgotten_until, organization_id, slug, revision, *cycle in rows:  # noqa: B007  all have it
        account = accounts.get(slug)
        if account is None:
            services: dict[str, list[Attached]] = {meter: [] for meter in meters}
            account = accounts[slug] = Account(organization_id, slug, revision, [], services)
        if cycle[0] is not None:
            account.cycles.append(Cycle(*cycle))
    return accounts, forgotten_until


def _versions(meters: Collection[str]) -> dict[str, PriceVersions]:
    found: dict[str, dict[int, list[Version]]] = {meter: {} for meter in meters}
    for row in db.session.execute(VERSIONS, {"meters": list(meters)}):
        version = Version(row.version_id, row.effective_at, most_units(Terms.of(row)))
        found[row.meter].setdefault(row.price_id, []).append(version)
    return {
        meter: PriceVersions(sum(len(some) for some in prices.values()), prices)
        for meter, prices in found.items()
    }
