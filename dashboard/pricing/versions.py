"""Which version of a price is in force when, and its terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from dashboard.extensions import db
from dashboard.pricing.models import Price, PriceVersion
from dashboard.pricing.terms import Terms


class _Effective(Protocol):
    @property
    def effective_at(self) -> datetime: ...


Effective = TypeVar("Effective", bound=_Effective)
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class VersionWindow:
    """A price version and the time it is in force: `[start, end)`, UTC."""

    version: PriceVersion
    start: datetime
    end: datetime
    # All versions of the price, so that whoever has one can count under each of them.
    versions: tuple[PriceVersion, ...] = field(compare=False, repr=False)

    @property
    def price(self) -> Price:
        """The price it is a version of."""
        return self.version.price

    @property
    def terms(self) -> Terms:
        """The terms to rate with."""
        return terms_of(self.version)

    @property
    def all(self) -> list[VersionWindow]:
        """The windows of all versions of the price, the earliest first."""
        return windows_of(self.versions)


def terms_of(version: PriceVersion) -> Terms:
    """Return the terms of `version` as plain values."""
    return Terms.of(version)


def version_at(price: Price, instant: datetime) -> PriceVersion | None:
    """Return the version of `price` in force at `instant`; None before the first."""
    in_force = [version for version in price.versions if version.effective_at <= instant]
    return max(in_force, key=lambda version: version.effective_at, default=None)


def windows_of(versions: Sequence[PriceVersion]) -> list[VersionWindow]:
    """Return when each of one price's versions is in force; each ends where the next begins."""
    ordered = tuple(sorted(versions, key=lambda version: version.effective_at))
    return [VersionWindow(one, start, end, ordered) for one, start, end in in_force(ordered)]


def in_force(ordered: Sequence[Effective]) -> Iterator[tuple[Effective, datetime, datetime]]:
    """Yield each version with the time it is in force; the last one's does not end."""
    ends = [*(version.effective_at for version in ordered[1:]), FOREVER]
    for version, end in zip(ordered, ends, strict=True):
        yield version, version.effective_at, end


def load_windows(price_ids: Iterable[int]) -> dict[int, list[VersionWindow]]:
    """Return the version windows of each price, in order; one query."""
    versions = db.session.scalars(_versions().where(PriceVersion.price_id.in_(set(price_ids))))
    return {
        price_id: windows_of(list(group))
        for price_id, group in groupby(versions, key=lambda version: version.price_id)
    }


def load_windows_of(version_ids: Iterable[int]) -> dict[int, VersionWindow]:
    """Return the window of each of these versions, and of the others of their prices; one query."""
    same_price = select(PriceVersion.price_id).where(PriceVersion.id.in_(set(version_ids)))
    versions = db.session.scalars(_versions().where(PriceVersion.price_id.in_(same_price)))
    return {
        window.version.id: window
        for _, group in groupby(versions, key=lambda version: version.price_id)
        for window in windows_of(list(group))
    }


def _versions() -> Select[PriceVersion]:
    return (
        select(PriceVersion).order_by(PriceVersion.price_id).options(joinedload(PriceVersion.price))
    )
