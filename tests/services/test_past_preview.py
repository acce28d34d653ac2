"""What correcting a past fact would change is exactly what it then changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import given
from sqlalchemy import func, select

from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import fold
from dashboard.billing.models import CHANGEABLE, Invoice, InvoiceItem
from dashboard.billing.roll import roll_early, roll_over
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.pricing.terms import Terms
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.services.past_preview import PastPreview, preview_end, preview_quantity
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT, MeteredPriceFactory, make_organization, make_service
from tests.support.credit_notes import hear, plan
from tests.support.ledger_world import (
    World,
    early,
    new_world,
    play,
    service,
    stories,
    unhurried,
    usage,
    versions,
)
from tests.support.stripe_acts import tell
from tests.support.void_cases import APRIL, LATE_APRIL, LATER, first_of, organization

__all__ = ["organization"]
# However many examples are asked for, and however busy the machine is.
pytestmark = pytest.mark.timeout(900)


def open_cents(organization: Organization) -> int:
    """Return what the open invoices come to."""
    query = select(func.coalesce(func.sum(Invoice.total_cents), 0)).where(
        Invoice.organization_id == organization.id, Invoice.status.in_(CHANGEABLE)
    )
    database.session.flush()
    return int(database.session.scalar(query) or 0)


def service_of(organization: Organization) -> Service:
    return database.session.scalars(
        select(Service).where(Service.organization_id == organization.id)
    ).one()


def issued_cents(organization: Organization) -> list[int]:
    query = select(Invoice.total_cents).where(
        Invoice.organization_id == organization.id, Invoice.status.not_in(CHANGEABLE)
    )
    return list(database.session.scalars(query.order_by(Invoice.id)))


def test_a_late_end_names_the_issued_bill_and_what_the_next_one_gives_back(
    organization: Organization,
) -> None:
    tell(first_of(organization), "open", LATER)
    database.session.commit()
    at = APRIL + timedelta(days=15) - timedelta(seconds=1)
    shown = preview_end(service_of(organization), at=at, now=LATER)
    assert [(one.sequence, one.status, one.cents) for one in shown.issued] == [(1, "open", 2561)]
    assert (shown.before, shown.cents) == (439, 1500 - 2561 - 439)
    assert len(shown.lines) == 1
    # It was only shown.
    assert service_of(organization).detached_at is None
    assert open_cents(organization) == 439
    before = issued_cents(organization)
    detach_service(service_of(organization), at=at, now=LATER, actor=SUPPORT)
    assert open_cents(organization) == shown.after
    assert issued_cents(organization) == before


def test_another_quantity_is_shown_as_it_then_is(organization: Organization) -> None:
    shown = preview_quantity(
        service_of(organization), Decimal(3), at=APRIL + timedelta(days=3), now=LATER
    )
    assert shown.cents > 0
    assert len(service_of(organization).changes) == 1
    change_quantity(
        service_of(organization), Decimal(3), at=APRIL + timedelta(days=3), now=LATER,
        actor=SUPPORT,
    )  # fmt: skip
    assert open_cents(organization) == shown.after


def test_what_was_said_before_changes_nothing(organization: Organization) -> None:
    detach_service(service_of(organization), at=LATE_APRIL, now=LATER, actor=SUPPORT)
    shown = preview_end(service_of(organization), at=LATE_APRIL, now=LATER)
    assert (shown.cents, shown.lines, shown.issued) == (0, (), ())


@pytest.mark.parametrize("is_rolled", [False, True])
def test_usage_after_a_late_end_is_shown_as_it_is_then_taken_off(
    db: object, is_rolled: bool
) -> None:
    acme = make_organization("acme", anchor=APRIL, now=APRIL)
    price = MeteredPriceFactory(code="calls", name="Calls", version__unit_amount=Decimal(100))
    held = make_service(acme, price, at=APRIL, now=APRIL)
    records = [
        ReportedRecord("acme", str(price.meter), f"k{day}", Decimal(day),
                       APRIL + timedelta(days=day))
        for day in range(1, 21)
    ]  # fmt: skip
    record_batch(records, now=LATE_APRIL)
    fold([acme.id], now=LATE_APRIL)
    if is_rolled:
        roll_early(acme, reason="Now", actor=SUPPORT, now=LATE_APRIL)
        tell(first_of(acme), "open", LATER)
    database.session.flush()
    at = APRIL + timedelta(days=15, hours=1)
    before = open_cents(acme)
    shown = preview_end(held, at=at, now=LATER)
    assert (shown.records, shown.units) == (5, Decimal(16 + 17 + 18 + 19 + 20))
    assert (shown.before, shown.cents) == (before, -9000)
    assert [one.sequence for one in shown.issued] == ([1] if is_rolled else [])
    assert open_cents(acme) == before
    ended = detach_service(held, at=at, now=LATER, actor=SUPPORT)
    assert ended.taken_off is not None
    assert (ended.taken_off.records, ended.taken_off.quantity) == (shown.records, shown.units)
    assert open_cents(acme) == shown.after
    assert current_invoice(acme) is not None


class PreviewWorld(World):
    """A world in which each correction is looked at before it is made."""

    def detach(self, back: int, index: int) -> None:
        self.count()
        # Now and then the one that counts usage.
        held = [*self.services, service_of_usage(self.organization)]
        one, at = held[index % len(held)], self.ago(back)
        shown = preview_end(one, at=at, now=self.now)
        self.see(shown, lambda: detach_service(one, at=at, now=self.now, actor=SUPPORT))

    def change(self, back: int, index: int, units: int) -> None:
        self.count()
        one, at = self.services[index % len(self.services)], self.ago(back)
        shown = preview_quantity(one, Decimal(units), at=at, now=self.now)
        self.see(
            shown,
            lambda: change_quantity(one, Decimal(units), at=at, now=self.now, actor=SUPPORT),
        )

    def count(self) -> None:
        """Let the clock and the folder have been, as before a page or an answer of the API."""
        roll_over(self.organization, now=self.now)
        self.fold()
        database.session.commit()

    def see(self, shown: PastPreview, act: Callable[[], object]) -> None:
        """Do it, and see that just that happens, and nothing to what can no longer change."""
        before, sealed = lines_of(self.organization), issued_cents(self.organization)
        assert shown.before == open_cents(self.organization)
        act()
        after = lines_of(self.organization)
        assert shown.after == open_cents(self.organization)
        moved = [
            (before.get(key, 0), after.get(key, 0)) for key in {**before, **after}
            if before.get(key, 0) != after.get(key, 0)
        ]  # fmt: skip
        assert sorted((one.before, one.after) for one in shown.lines) == sorted(moved)
        assert issued_cents(self.organization) == sealed


def lines_of(organization: Organization) -> dict[tuple[int, str], int]:
    """Return what each line of the open invoices bills."""
    query = (
        select(InvoiceItem)
        .join(Invoice)
        .where(Invoice.organization_id == organization.id, Invoice.status.in_(CHANGEABLE))
    )
    return {(one.invoice_id, one.key): one.billed_cents for one in database.session.scalars(query)}


def service_of_usage(organization: Organization) -> Service:
    query = (
        select(Service)
        .join(Price)
        .where(Service.organization_id == organization.id, Price.meter.is_not(None))
    )
    return database.session.scalars(query.order_by(Service.id)).first()


@unhurried
@given(stories(usage, usage, service, service, early), versions)
def test_every_correction_of_a_random_history_does_what_was_shown(
    db: SQLAlchemy, story: list[tuple[int, bool, tuple[object, ...]]], versions: list[Terms]
) -> None:
    db.session.rollback()  # of a falsified example before this one
    made = new_world(versions)
    world = PreviewWorld(made.organization, made.fee, made.metered, made.versions)
    play(world, story)
    assert world.now > made.now


@pytest.mark.parametrize(("became", "asks"), [
    ("open", [("open", 2561)]), ("credited", [("open", 1561)]), ("void", [("void", 0)]),
    ("sealed", []),
])  # fmt: skip
def test_an_issued_bill_shows_what_it_asks_of_the_fact_by_now(
    organization: Organization, became: str, asks: list[tuple[str, int]]
) -> None:
    first = first_of(organization)
    if became != "sealed":
        tell(first, "open", LATER)
    if became == "credited":
        hear(plan(first, 1000))
    if became == "void":
        tell(first, "void", LATER)
    database.session.commit()
    at = APRIL + timedelta(days=15) - timedelta(seconds=1)
    shown = preview_end(service_of(organization), at=at, now=LATER)
    assert [(one.status, one.cents) for one in shown.issued] == asks
