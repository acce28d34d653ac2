"""What is past due, as support's list shows it: by age or amount, with what each age comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, case, cast, func, select, tuple_

from dashboard.billing.correction_models import Correction
from dashboard.billing.late import LATE_AT, OWED, is_late
from dashboard.billing.lost_customer import is_declined
from dashboard.billing.models import Invoice
from dashboard.billing.payment_state import decline_code_of, is_to_confirm
from dashboard.extensions import db
from dashboard.ids import HIGHEST_ID
from dashboard.keyset import Key, in_order, instant_at
from dashboard.organizations.models import Organization
from dashboard.paging import Asked, Place, Stretch, stretch_of

SIZE = 50
# By the most days of each; the last has no end. `given_up` is what Stripe calls uncollectible.
AGES: dict[str, int | None] = {"7": 7, "30": 30, "60": 60, "90": 90, "older": None}
GIVEN_UP = "given_up"
# Paid, and a bank took it back: Stripe asks nobody for it.
RETURNED = "returned"


class Wanted(NamedTuple):
    """Which of them: of an age, one of `AGES`, given up, or returned by a bank; of a currency.

    Without an age any open one.
    """

    age: str | None = None
    currency: str | None = None


class LateInvoice(NamedTuple):
    """One row."""

    id: int
    sequence: int
    number: str | None
    status: str
    currency: str
    owed_cents: int
    late_since: datetime
    due_at: datetime | None
    payment_failure: str | None
    payment_failed_at: datetime | None
    decline: dict[str, Any] | None
    action_required_at: datetime | None
    next_payment_attempt_at: datetime | None
    failed_attempts: int
    slug: str
    organization: str

    @property
    def decline_code(self) -> str | None:
        """What the bank said of the last attempt."""
        return decline_code_of(self.decline, self.payment_failed_at)

    @property
    def kind(self) -> str:
        """Why it is not paid, as `payment_state` calls it."""
        if self.status == "paid":
            return "charged_back"
        if self.status == "uncollectible":
            return "uncollectible"
        if is_to_confirm(self.action_required_at, self.payment_failed_at, self.decline_code):
            return "confirm"
        return "declined" if is_declined(self.payment_failure) and not self.due_at else "past_due"

    def days_late(self, now: datetime) -> int:
        """Return for how many whole days it is late."""
        return max((now - self.late_since).days, 0)


class Sum(NamedTuple):
    """What the invoices of an age come to, in one currency."""

    age: str
    currency: str
    number: int
    cents: int


def late_invoices(wanted: Wanted, asked: Asked, *, now: datetime) -> Stretch[LateInvoice]:
    """Return some of them: one statement. Raises `NoSuchPage` for a place of another order."""
    late_at, owed = _measures(wanted)
    keys = {
        "age": Key(Invoice.id, late_at, instant_at),
        "amount": Key(Invoice.id, owed, _cents_at),
    }
    query = in_order(_rows(wanted, now), keys[asked.sort.name], asked.turn).limit(SIZE + 1)
    rows = [LateInvoice(*row) for row in db.session.execute(query)]
    by_age = asked.sort.name == "age"
    places = [
        Place(one.late_since.isoformat() if by_age else str(one.owed_cents), one.id) for one in rows
    ]
    falling = asked.sort.is_falling
    return stretch_of(rows, places, asked.turn, size=SIZE, is_falling=falling)


def every_late_invoice(wanted: Wanted, *, now: datetime) -> Iterator[LateInvoice]:
    """Yield all of them, the oldest first, a thousand at a time."""
    after, (late_at, _) = None, _measures(wanted)
    while True:
        query = _rows(wanted, now).order_by(late_at, Invoice.id).limit(1000)
        if after is not None:
            query = query.where(tuple_(late_at, Invoice.id) > tuple_(*after))
        rows = [LateInvoice(*row) for row in db.session.execute(query)]
        yield from rows
        if len(rows) < 1000:
            return
        after = (rows[-1].late_since, rows[-1].id)


def sums_of_ages(*, now: datetime) -> Sequence[Sum]:
    """Return what each age comes to in each currency, the youngest first: two statements."""
    ages = [(now - timedelta(days=days) <= LATE_AT, name) for name, days in AGES.items() if days]
    age = case((Invoice.status == "uncollectible", GIVEN_UP), *ages, else_="older")
    query = (
        select(age, Invoice.currency, func.count(), func.sum(OWED))
        .where(is_late(now))
        .group_by(age, Invoice.currency)
        .order_by(func.sum(OWED).desc())
    )
    rows = [Sum(name, currency, number, int(cents)) for name, currency, number, cents
            in db.session.execute(query)]  # fmt: skip
    returned = (
        select(Invoice.currency, func.count(), func.sum(_RETURNED.c.cents))
        .join(_RETURNED, _RETURNED.c.invoice_id == Invoice.id)
        .where(Invoice.status == "paid")
        .group_by(Invoice.currency)
    )
    rows += [Sum(RETURNED, currency, number, int(cents)) for currency, number, cents
             in db.session.execute(returned)]  # fmt: skip
    names = [*AGES, GIVEN_UP, RETURNED]
    return sorted(rows, key=lambda one: names.index(one.age))


def _rows(wanted: Wanted, now: datetime) -> Select[Any]:
    late_at, owed = _measures(wanted)
    shown: dict[str, Any] = {
        "owed_cents": owed, "late_since": late_at, "slug": Organization.slug,
        "organization": Organization.name,
    }  # fmt: skip
    columns = (
        shown[name].label(name) if name in shown else getattr(Invoice, name)
        for name in LateInvoice._fields
    )
    query = select(*columns).join(Organization, Organization.id == Invoice.organization_id)
    if wanted.age == RETURNED:
        query = query.join(_RETURNED, _RETURNED.c.invoice_id == Invoice.id)
        query = query.where(Invoice.status == "paid")
    else:
        status = "uncollectible" if wanted.age == GIVEN_UP else "open"
        query = query.where(is_late(now), Invoice.status == status)
    if wanted.currency is not None:
        query = query.where(Invoice.currency == wanted.currency)
    if wanted.age in AGES:
        first, last = _bounds(wanted.age, now)
        query = (
            query.where(last > LATE_AT)
            if first is None
            else query.where(first <= LATE_AT, last > LATE_AT)
        )
    return query


def _measures(wanted: Wanted) -> tuple[Any, Any]:
    """Return since when one is late, and how much of it is owed, as columns."""
    return (_RETURNED.c.since, _RETURNED.c.cents) if wanted.age == RETURNED else (LATE_AT, OWED)


# The few disputes that were lost and that nobody has seen to, of each invoice.
_RETURNED = (
    select(
        Correction.invoice_id,
        cast(func.sum(Correction.amount_cents), BigInteger).label("cents"),
        func.min(func.coalesce(Correction.told_at, Correction.made_at)).label("since"),
    )
    .where(
        Correction.kind == "dispute", Correction.status == "lost", Correction.settled_at.is_(None)
    )
    .group_by(Correction.invoice_id)
    .subquery()
)


def _bounds(age: str, now: datetime) -> tuple[datetime | None, datetime]:
    """Return since when and until when invoices of an age became late."""
    names = list(AGES)
    before = AGES[names[names.index(age) - 1]] if age != names[0] else 0
    most = AGES[age]
    last = now - timedelta(days=before or 0)
    return (None if most is None else now - timedelta(days=most)), last


def _cents_at(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not digits.isdecimal() or not digits.isascii() or int(digits) > HIGHEST_ID:
        return None
    return int(text)
