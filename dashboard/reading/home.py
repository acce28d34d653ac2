"""A customer's first page: each of their organizations, and what was issued lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, Select, String, any_, select, true

from dashboard.billing.models import Invoice
from dashboard.billing.overview import shown_status
from dashboard.organizations.models import Organization
from dashboard.reading.alarms import MOST, PaymentAlarm, alarms_of
from dashboard.reading.charge import Charge, charge_of
from dashboard.reading.earlier import EarlierInvoice, earlier_invoices, earlier_of
from dashboard.statement import Statement, columns, parameter, split
from dashboard.usage.waiting import waits_of

RECENT = 5


class HomeOrganization(NamedTuple):
    """Who is billed, and how they pay."""

    id: int
    slug: str
    name: str
    currency: str
    collection_method: str
    days_until_due: int | None
    payment_method: dict[str, Any] | None
    cards: dict[str, Any]
    default_card: dict[str, Any] | None
    customer_lost_at: datetime | None


class HomeInvoice(NamedTuple):
    """A current invoice, as far as its row shows it."""

    id: int
    cycle_id: int
    sequence: int
    currency: str
    period_start: datetime
    period_end: datetime
    total_cents: int
    parked_at: datetime | None


class RecentInvoice(NamedTuple):
    """An invoice that was issued."""

    id: int
    sequence: int
    number: str | None
    status: str
    stripe_invoice_id: str | None
    currency: str
    period_start: datetime
    period_end: datetime
    finalized_at: datetime
    total_cents: int
    due_at: datetime | None
    payment_failure: str | None

    @property
    def called(self) -> str:
        """What people call it: by Stripe's number once it has one."""
        return self.number or f"Invoice {self.sequence}"

    def shown(self, now: datetime) -> str:
        """Return the status that people read."""
        return shown_status(self, now)


class _Owner(NamedTuple):
    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One organization: what it owes, what it is charged, and what is the matter with its money.

    `past_due_cents` is what is asked for already and was not paid.
    """

    organization: HomeOrganization
    invoice: HomeInvoice | None
    charge: Charge | None
    alarms: Sequence[PaymentAlarm]
    last: EarlierInvoice | None

    @property
    def past_due_cents(self) -> int:
        """What was asked for and did not come."""
        return sum(one.invoice.asked_cents for one in self.alarms)


@dataclass(frozen=True, slots=True)
class Home:
    """The rows by name, and what was issued lately.

    `waiting` are the organizations of which usage was accepted that is not on their bills yet.
    """

    rows: Sequence[HomeRow]
    recent: Sequence[tuple[RecentInvoice, _Owner]]
    waiting: Sequence[int]

    @property
    def in_trouble(self) -> Sequence[HomeRow]:
        """Those whose money is in trouble."""
        return [row for row in self.rows if row.alarms]

    @property
    def alarms(self) -> Sequence[tuple[HomeRow, PaymentAlarm]]:
        """What is said on top of the page: the largest of all of them, two at most."""
        every = [(row, alarm) for row in self.rows for alarm in row.alarms]
        return sorted(every, key=lambda one: -one[1].invoice.asked_cents)[:MOST]

    @property
    def together(self) -> Sequence[tuple[str, int]]:
        """What is owed in each currency, the largest first."""
        sums: Counter[str] = Counter()
        for row in self.rows:
            if row.invoice is not None:
                sums[row.invoice.currency] += row.invoice.total_cents
        return sums.most_common()


def home_of(slugs: Collection[str], *, now: datetime) -> Home:
    """Return the page of a person with these organizations: two statements, however many."""
    wanted = sorted(slugs)
    found = _ROWS.rows(slugs=wanted)
    recent = (split(row, (RecentInvoice, _Owner)) for row in _RECENT.rows(slugs=wanted))
    return Home(
        [_row(row, now) for row in found],
        [(invoice, owner) for invoice, owner in recent],
        [row[0] for row in found if row[-1]],
    )


def _row(row: Sequence[Any], now: datetime) -> HomeRow:
    *parts, told, _ = row
    organization, invoice = split(parts, (HomeOrganization, HomeInvoice))
    earlier = earlier_of(told)
    if invoice is None:
        return HomeRow(organization, None, None, [], None)
    charge = charge_of(organization, invoice.period_end)
    lost_at = organization.customer_lost_at
    alarms = alarms_of(earlier, charge, lost_at=lost_at, now=now, room=len(earlier))
    last = next((one for one in earlier if one.sequence == invoice.sequence - 1), None)
    return HomeRow(organization, invoice, charge, alarms.payments, last)


_organization = Organization.__table__.alias("organization")
_draft = Invoice.__table__.alias("draft")
_is_theirs = _organization.c.slug == any_(parameter("slugs", ARRAY(String)))


def _rows() -> Select[Any]:
    earlier = earlier_invoices(_organization, _draft)
    is_current = (_draft.c.organization_id == _organization.c.id) & (_draft.c.status == "draft")
    return (
        select(
            *columns(HomeOrganization, _organization),
            *columns(HomeInvoice, _draft),
            earlier.c.told,
            waits_of(_organization.c.id).label("waits"),
        )
        .select_from(_organization.outerjoin(_draft, is_current).outerjoin(earlier, true()))
        .where(_is_theirs)
        .order_by(_organization.c.name, _organization.c.id)
    )


def _recent() -> Select[Any]:
    """Return the newest issued of each organization, and of those the newest."""
    invoice = Invoice.__table__.alias("invoice")
    newest = (
        select(*(invoice.c[name] for name in RecentInvoice._fields))
        .where(
            invoice.c.organization_id == _organization.c.id,
            invoice.c.finalized_at.is_not(None),
            invoice.c.stripe_invoice_id.is_not(None),
        )
        .order_by(invoice.c.sequence.desc())
        .limit(RECENT)
        .lateral("newest")
    )
    return (
        select(*columns(RecentInvoice, newest), *columns(_Owner, _organization))
        .select_from(_organization.join(newest, true()))
        .where(_is_theirs)
        .order_by(newest.c.finalized_at.desc(), newest.c.id.desc())
        .limit(RECENT)
    )


_ROWS, _RECENT = Statement(_rows()), Statement(_recent())
