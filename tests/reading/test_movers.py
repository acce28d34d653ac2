"""Why a bill changed against the last cycle at the same point."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.reverse import reverse_adjustment
from dashboard.billing.roll import roll_over
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.reading.movers import SinceLastCycle, since_last_cycle
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.usage.reported import ReportedRecord
from dashboard.views.mover_words import Said, rest_words, said_of
from tests.factories import (
    APRIL,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.queries import count_queries
from tests.support.reading import opened_by_support
from tests.support.usage import record_batch

MAY = APRIL + timedelta(days=30)
DAY = timedelta(days=1)
NOON, HOUR = timedelta(hours=12), timedelta(hours=1)


@dataclass
class Story:
    """An organization that is told what happened, in order, through April and into May."""

    acme: Organization
    transfer: Price

    def use(self, quantity: int, at: datetime, service: str = "live") -> None:
        """Report usage of data transfer."""
        key = f"{service} {at}"
        record_batch(
            [ReportedRecord("acme", "transfer", key, Decimal(quantity), at, service)], now=at
        )

    def attach(self, price: Price, name: str, at: datetime, **wanted: object) -> Service:
        """Attach a service when it is."""
        return make_service(self.acme, price, at=at, now=at, external_id=name, **wanted)

    def credit(self, cents: int, at: datetime) -> Adjustment:
        """Add a charge or credit."""
        return add_adjustment(
            current_invoice(self.acme), Money(cents, "usd"), description="Credit for a night",
            reason="Outage", key=str(at), actor=SUPPORT, now=at,
        )  # fmt: skip

    def roll(self) -> Invoice:
        """Close April."""
        april = current_invoice(self.acme)
        may = roll_over(self.acme, now=MAY)
        seal_now(april, now=MAY)
        return may

    def why(self, now: datetime) -> SinceLastCycle:
        """Return what changed."""
        draft = opened_by_support(current_invoice(self.acme)).draft
        assert draft is not None
        found = since_last_cycle(draft, now=now)
        assert found is not None
        assert found.cents == sum(one.difference.cents for one in found.movers) + found.rest.cents
        assert found.after_cents == draft.invoice.total_cents
        return found


@pytest.fixture
def story(db: SQLAlchemy) -> Iterator[Story]:
    """Data transfer at 5 cents, attached as `live` and `replay` since the start of April."""
    acme = make_organization(now=APRIL)
    transfer = MeteredPriceFactory(name="Data transfer", meter="transfer", unit_label="GB")
    story = Story(acme, transfer)
    for name in ("live", "replay"):
        story.attach(transfer, name, APRIL)
    return story


def fee(name: str = "Large server", cents: int = 9600) -> Price:
    return PriceFactory(name=name, version__unit_amount=Decimal(cents))


def test_a_mover_says_since_when_and_on_which_service(story: Story) -> None:
    for day in range(30):
        story.use(10, APRIL + day * DAY + NOON)
        story.use(5, APRIL + day * DAY + NOON, "replay")
    story.roll()
    for day in range(20):
        story.use(10, MAY + day * DAY + NOON)
        story.use(5 if day < 10 else 25, MAY + day * DAY + NOON, "replay")
    found = story.why(MAY + 20 * DAY)
    [mover] = found.movers
    assert (found.before_cents, found.after_cents, found.cents) == (20 * 75, 20 * 75 + 1000, 1000)
    assert (mover.difference.name, mover.since, mover.service) == (
        "Data transfer", date(2026, 5, 11), "replay",
    )  # fmt: skip
    assert said_of(mover) == Said("since 11 May, on", "replay")


def test_part_of_a_day_is_compared_with_part_of_a_day(story: Story) -> None:
    story.use(240, APRIL + NOON)
    story.roll()
    story.use(60, MAY + timedelta(hours=1))
    # Six hours into the cycle: a quarter of the day.
    assert story.why(MAY + timedelta(hours=6, minutes=59)).cents == 0


def test_servers_attached_since_are_counted_and_dated(story: Story) -> None:
    large = fee()
    story.attach(large, "planner-01", APRIL)
    story.roll()
    for name in ("planner-02", "planner-03"):
        story.attach(large, name, MAY + 5 * DAY)
    [mover] = story.why(MAY + 20 * DAY).movers
    assert mover.difference.cents == 2 * round(9600 * 26 / 31)
    assert said_of(mover) == Said("2 attached on 6 May")


def test_what_was_charged_and_reversed_is_no_mover_in_either_cycle(story: Story) -> None:
    story.use(10, APRIL + NOON)
    for day, cents in ((APRIL + DAY, 70_000), (MAY + DAY, 90_000)):
        if day > MAY:
            story.roll()
        charge = story.credit(cents, day)
        # In the last cycle later than the point at which the two are compared.
        late = day + 20 * DAY if day < MAY else day + HOUR
        reverse_adjustment(charge, reason="Sold twice", actor=SUPPORT, now=late)
    story.use(10, MAY + NOON)
    found = story.why(MAY + 10 * DAY)
    assert [mover.difference.name for mover in found.movers] == []
    assert (found.before_cents, found.after_cents) == (50, 50)


def test_what_was_attached_later_in_the_last_cycle_is_new_at_this_point(story: Story) -> None:
    story.attach(fee(), "planner-01", APRIL + 25 * DAY)
    story.roll()
    [mover] = story.why(MAY + 20 * DAY).movers
    assert (mover.difference.before_cents, mover.difference.after_cents) == (0, 9600)
    assert said_of(mover) == Said("1 attached on 26 Apr")


def test_what_was_detached_later_in_the_last_cycle_was_there_at_this_point(story: Story) -> None:
    service = story.attach(fee(), "planner-01", APRIL)
    detach_service(service, at=APRIL + 25 * DAY, now=APRIL + 25 * DAY, actor=SUPPORT)
    story.roll()
    [mover] = story.why(MAY + 20 * DAY).movers
    # Then it was to cost the whole cycle, though it was billed for 25 days in the end.
    assert (mover.difference.before_cents, mover.difference.after_cents) == (9600, 0)
    assert said_of(mover) == Said("1 detached on 26 Apr")


def test_another_quantity_is_told_from_what_it_was_then(story: Story) -> None:
    service = story.attach(fee("Backup", 240), "backups", APRIL, quantity=Decimal(8))
    change_quantity(service, Decimal(11), at=APRIL + 25 * DAY, now=APRIL + 25 * DAY, actor=SUPPORT)
    story.roll()
    [mover] = story.why(MAY + 20 * DAY).movers
    assert (mover.difference.before_cents, mover.difference.after_cents) == (8 * 240, 11 * 240)
    assert said_of(mover).words == "11 instead of 8"


def test_a_new_price_is_said_to_be_one(story: Story) -> None:
    support = fee("Support", 29900)
    story.attach(support, "support", APRIL)
    PriceVersionFactory(price=support, unit_amount=Decimal(39900), effective_at=MAY)
    story.roll()
    assert said_of(story.why(MAY + DAY).movers[0]).words == "at a new price"


def test_a_credit_of_then_counts_from_when_it_was_given(story: Story) -> None:
    story.credit(-500, APRIL + 25 * DAY)
    story.roll()
    story.credit(-300, MAY + 2 * DAY)
    found = story.why(MAY + 20 * DAY)
    assert (found.before_cents, found.after_cents) == (0, -300)
    assert said_of(found.movers[0]) == Said("on 3 May")
    assert story.why(MAY + 26 * DAY).before_cents == -500


def test_everything_else_is_the_rest_and_names_a_single_credit(story: Story) -> None:
    prices = [fee(f"Server {number}", 1000 * number) for number in range(1, 6)]
    story.roll()
    for price in prices:
        story.attach(price, price.name, MAY)
    story.credit(-25, MAY + DAY)
    found = story.why(MAY + 20 * DAY)
    assert [mover.difference.name for mover in found.movers] == ["Server 5", "Server 4", "Server 3"]
    assert found.rest.cents == 3000 - 25
    assert rest_words(found.rest, "usd") == "Everything else, with the $0.25 credit"


def test_usage_that_came_back_or_went_away_is_said_to_have(story: Story) -> None:
    story.use(100, APRIL + NOON)
    story.roll()
    [mover] = story.why(MAY + 5 * DAY).movers
    assert said_of(mover) == Said("not used yet in this cycle")


def test_a_longer_cycle_is_compared_with_the_whole_of_a_shorter_one(story: Story) -> None:
    story.use(100, APRIL + 29 * DAY + NOON)
    story.roll()
    found = story.why(MAY + 30 * DAY + NOON)
    assert found.at == found.last.ends_at
    assert found.before_cents == 500


def test_the_first_cycle_has_nothing_to_compare_with(story: Story) -> None:
    draft = opened_by_support(current_invoice(story.acme)).draft
    assert draft is not None
    assert since_last_cycle(draft, now=APRIL + DAY) is None


def test_the_statements_do_not_grow_with_the_bill(story: Story, db: SQLAlchemy) -> None:
    counts = []
    for number in (2, 12):
        for at in range(number):
            story.attach(fee(), f"server-{number}-{at}", APRIL)
    story.use(10, APRIL + NOON)
    story.roll()
    story.use(30, MAY + NOON)
    for _ in range(2):
        draft = opened_by_support(current_invoice(story.acme)).draft
        assert draft is not None
        db.session.commit()
        with count_queries(db.engine) as queries:
            since_last_cycle(draft, now=MAY + 5 * DAY)
        counts.append(queries.count)
    assert max(counts) <= 6
