"""The catalogue: new prices, and new versions of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.bounds import check_quantities, quantities_held
from dashboard.billing.cause import Cause
from dashboard.billing.locks import lock_row
from dashboard.billing.period import whole_second
from dashboard.billing.policy import current_policy
from dashboard.billing.reprice import reprice
from dashboard.errors import Conflict, Invalid, NotFound
from dashboard.extensions import db
from dashboard.intervals import INTERVALS
from dashboard.organizations.currency import check_currency
from dashboard.pricing.exact import plain
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.products import product_of
from dashboard.pricing.terms import Terms
from dashboard.pricing.versions import terms_of


class PriceExists(Conflict):
    """The code belongs to another price."""

    code = "price_exists"


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price to be: `kind` is recurring or metered; a metered one counts the usage of `meter`.

    `product` is what it is listed under, None: its own name. `interval` is what a recurring fee is
    for, one of INTERVALS.
    """

    code: str
    name: str
    kind: str
    terms: Terms
    meter: str | None = None
    product: str | None = None
    interval: str = "month"


def create_price(
    wanted: NewPrice, *, effective_at: datetime | None, now: datetime, actor: Actor
) -> Price:
    """Return the price with its first version, created unless it exists with these properties.

    The version is in force from `effective_at` (None: now) on.

    Raises PriceExists when the code is taken by one that differs, BadTerms, Invalid.
    """
    wanted.terms.check()
    if (wanted.kind == "metered") != (wanted.meter is not None):
        raise Invalid(
            "A metered price needs a meter, and other prices have none. Nothing was changed.",
            field="meter",
        )
    if wanted.interval not in INTERVALS or (
        wanted.kind == "metered" and wanted.interval != "month"
    ):
        raise Invalid(
            f"A recurring price is for a {_either(INTERVALS)}, and a metered one counts over the "
            "cycle, however long that is. Nothing was changed.",
            field="interval",
        )
    existing = _by_code(wanted.code)
    if existing is not None:
        return _same(existing, wanted, effective_at)
    check_currency(wanted.terms.currency)
    # To the second, as attachments are: their shares of a cycle are whole seconds.
    effective_at = whole_second(effective_at or now)
    price = Price(
        code=wanted.code,
        name=wanted.name,
        product=wanted.product,
        kind=wanted.kind,
        meter=wanted.meter,
        unit_label=wanted.terms.unit_label,
        currency=wanted.terms.currency,
        interval=wanted.interval,
        created_at=now,
    )
    price.versions = [_version(wanted.terms, effective_at, now)]
    db.session.add(price)
    db.session.flush()
    facts = {"code": price.code, **_told(wanted.terms), "effective_at": effective_at.isoformat()}
    if price.interval != "month":
        facts["interval"] = price.interval
    write_entry("price.created", price, actor, facts, now=now)
    return price


def add_version(
    price: Price, terms: Terms, *, effective_at: datetime, now: datetime, actor: Actor
) -> PriceVersion:
    """Return the version in force from `effective_at` on; the same again is not added twice.

    It must lie in the future, by more than reporters' clocks may be ahead: what was recorded keeps
    the version it was recorded under. Open invoices that it reaches are rated anew. Raises
    Conflict if another version begins then, Invalid for an instant too early or another currency.
    Take `now` after `price_to_change`: the wait for a price that is being attached to many could
    bring usage that lies in the version, recorded without it.
    """
    # Before any invoice: whoever is attaching it now is done first, or sees the new version.
    lock_row(price)
    version = check_version(price, terms, effective_at, now=now)
    if version in price.versions:
        return version
    price.versions.append(version)
    db.session.flush()
    begins = version.effective_at
    facts = {"code": price.code, **_told(terms), "effective_at": begins.isoformat()}
    write_entry("price.changed", price, actor, facts, now=now)
    reprice(price, Cause("price_version", now, actor, version.id), since=begins)
    return version


def check_version(
    price: Price, terms: Terms, effective_at: datetime, *, now: datetime
) -> PriceVersion:
    """Return the version that `add_version` would add, not stored, or the same one that exists.

    Raises what it raises.
    """
    terms.check()
    _check_same_unit(price, terms)
    effective_at = whole_second(effective_at)
    for version in price.versions:
        if version.effective_at == effective_at:
            return _same_version(version, terms)
    earliest = now + current_policy().max_skew
    if effective_at <= earliest:
        raise Invalid(
            f"A new version must take effect after {earliest:%-d %b %Y, %H:%M:%S} UTC. The price "
            "was not changed. Choose a later time.",
            field="effective_at",
        )
    if price.kind == "recurring":
        check_quantities([terms], quantities_held(price, since=effective_at))
    return _version(terms, effective_at, now)


def list_prices() -> Iterable[Price]:
    """Return the whole catalogue with its versions, by code."""
    query = select(Price).order_by(Price.code).options(selectinload(Price.versions))
    return db.session.scalars(query).all()


def price_by_code(code: str) -> Price:
    """Return the price; raise NotFound."""
    price = _by_code(code)
    if price is None:
        raise NotFound(f"There is no price {code}. See the catalog.")
    return price


def price_to_change(code: str) -> Price:
    """Return the price, locked, so that nobody attaches it meanwhile; raise NotFound."""
    price = price_by_code(code)
    lock_row(price)
    return price


def prices_by_code(codes: Sequence[str]) -> dict[str, Price]:
    """Return the prices by code; raise NotFound with the index of each that there is none of."""
    query = select(Price).where(Price.code.in_(set(codes))).options(selectinload(Price.versions))
    found = {price.code: price for price in db.session.scalars(query)}
    missing = [
        {
            "index": index,
            "field": "price",
            "code": NotFound.code,
            "detail": f"There is no price {code}.",
        }
        for index, code in enumerate(codes)
        if code not in found
    ]
    if missing:
        raise NotFound(
            "There is no such price. Nothing was changed. See the catalog.", errors=missing
        )
    return found


def _by_code(code: str) -> Price | None:
    query = select(Price).where(Price.code == code).options(selectinload(Price.versions))
    return db.session.scalar(query)


def _check_same_unit(price: Price, terms: Terms) -> None:
    if (terms.currency, terms.unit_label) != (price.currency, price.unit_label):
        raise Invalid(
            "All versions of a price share its currency and unit. Nothing was added. "
            "Create another price instead.",
            field="currency",
        )


def _same(price: Price, wanted: NewPrice, effective_at: datetime | None) -> Price:
    first = min(price.versions, key=lambda version: version.effective_at)
    begins = first.effective_at if effective_at is None else whole_second(effective_at)
    has = (*_fixed(price), terms_of(first), first.effective_at)
    # Another product may have been set since; only who names one means it.
    is_listed_so = wanted.product in (None, product_of(price))
    if has != (*_fixed(wanted), wanted.terms, begins) or not is_listed_so:
        raise PriceExists(
            f"A price {wanted.code} already exists and differs. Nothing was created or changed. "
            "Add a version to change what it costs, or change its product."
        )
    return price


def _fixed(price: Price | NewPrice) -> tuple[str | None, ...]:
    return price.name, price.kind, price.meter, price.interval


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _same_version(version: PriceVersion, terms: Terms) -> PriceVersion:
    if terms_of(version) != terms:
        raise Conflict(
            f"Another version takes effect at {version.effective_at.isoformat()}. Nothing was "
            "added. Versions never change: choose another time."
        )
    return version


def _version(terms: Terms, effective_at: datetime, now: datetime) -> PriceVersion:
    return PriceVersion(
        effective_at=effective_at,
        created_at=now,
        **terms.columns(),
    )


def _told(terms: Terms) -> dict[str, Any]:
    size = terms.package_size
    return {
        **({} if size is None else {"package_size": plain(size)}),
        "model": terms.model,
        "unit_amount": plain(terms.unit_amount),
        "allowance": plain(terms.allowance),
        "currency": terms.currency,
        "tiers": [tier.to_json() for tier in terms.tiers],
    }
