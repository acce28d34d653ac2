"""The cast of the demo: what each organization is there to show holds before anything runs."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.billing.period import period_containing
from demo.cast import ORGANIZATIONS
from demo.catalogue import DAILY_THOUSANDTHS, PRICES
from demo.organizations import DemoOrganization
from demo.past.scenes import STORIES
from demo.past.timeline import steps
from demo.usage import history, quantity

NOW = datetime(2026, 3, 30, 15, 20, 10, 999, UTC)
BY_SLUG = {one.slug: one for one in ORGANIZATIONS}
BY_CODE = {price["code"]: price for price in PRICES}
MOST_LINES_AT_STRIPE = 250
each = pytest.mark.parametrize("organization", ORGANIZATIONS, ids=list(BY_SLUG))


def lines(organization: DemoOrganization) -> int:
    """How many items its invoice has: one per fee attached, one per metered price."""
    fees = [one for one in organization.services if one.meter is None]
    return len(fees) + len({one.price for one in organization.meters})


def test_there_is_a_small_one_one_of_thirty_items_and_one_of_hundreds() -> None:
    assert lines(BY_SLUG["paper-lantern"]) == 3
    assert lines(BY_SLUG["harbour-robotics"]) == 30
    assert 190 <= lines(BY_SLUG["nimbus-arcade"]) < MOST_LINES_AT_STRIPE


def test_slugs_are_unique_and_addresses_lead_nowhere() -> None:
    assert len(BY_SLUG) == len(ORGANIZATIONS)
    assert all(one.body(NOW)["email"].endswith(".example") for one in ORGANIZATIONS)


def test_the_customer_belongs_to_some_of_which_one_is_in_trouble() -> None:
    own = {one.story for one in ORGANIZATIONS if one.belongs_to_customer}
    assert own == {None, "declined", "closing"}


def test_every_story_is_told_and_is_one_that_is_known() -> None:
    assert {one.story for one in ORGANIZATIONS if one.story} == set(STORIES)
    assert all(one.months for one in ORGANIZATIONS if one.story)


def test_the_past_is_in_the_order_of_time_and_ends_today() -> None:
    past = steps(ORGANIZATIONS, today=NOW)
    assert [step.at for step in past] == sorted(step.at for step in past)
    assert past[-1].at == NOW
    assert NOW - past[0].at > timedelta(days=365)


@each
def test_its_past_ends_where_its_present_cycle_begins(organization: DemoOrganization) -> None:
    cycles = organization.cycles_before(NOW)
    assert len(cycles) == organization.months
    present = period_containing(organization.anchor(NOW), NOW)
    after = [*cycles[1:], present][: len(cycles)]
    assert [cycle.end for cycle in cycles] == [cycle.start for cycle in after]


def test_usage_grew_and_one_service_is_far_from_its_habit() -> None:
    harbour = BY_SLUG["harbour-robotics"]
    surging = next(one for one in harbour.meters if one.external_id == "transfer")
    usual = next(one for one in harbour.meters if one.external_id == "compute")
    a_year_ago, yesterday = NOW - timedelta(days=365), NOW - timedelta(days=1)
    assert harbour.percent_at(usual, a_year_ago, now=NOW) < 60
    assert harbour.percent_at(usual, yesterday, now=NOW) == 100
    assert harbour.percent_at(surging, yesterday, now=NOW) > 400
    assert harbour.percent_at(surging, NOW - timedelta(days=2), now=NOW) == 100


@each
def test_what_it_has_is_sold_in_its_currency_under_ids_of_its_own(
    organization: DemoOrganization,
) -> None:
    ids = Counter(service.external_id for service in organization.services)
    assert set(ids.values()) <= {1}
    for service in organization.services:
        price = BY_CODE[service.price]
        assert price["currency"] == organization.currency
        assert price.get("meter") == service.meter


@each
def test_its_first_cycle_contains_the_day_it_is_made(organization: DemoOrganization) -> None:
    anchor = organization.anchor(NOW)
    cycle = period_containing(anchor, NOW)
    assert anchor in (cycle.start, cycle.end)
    if (organization.ends_in_seconds or 0) > 0:
        left = cycle.end - NOW.replace(microsecond=0)
        assert left == timedelta(seconds=organization.ends_in_seconds)
    # Usage before it would be refused as too old.
    assert NOW - cycle.start < timedelta(days=34)


@each
def test_its_history_lies_in_its_cycle_and_each_record_has_a_key(
    organization: DemoOrganization,
) -> None:
    start = period_containing(organization.anchor(NOW), NOW).start
    records = list(history(organization, start, NOW))
    assert len({record["key"] for record in records}) == len(records)
    instants = [datetime.fromisoformat(record["recorded_at"]) for record in records]
    assert all(start <= instant < NOW for instant in instants)
    if organization.story != "closing":
        # Of a cycle that has only just begun nothing was used yet.
        assert bool(records) == bool(organization.meters)


def test_usage_is_the_same_whenever_asked_and_differs_from_day_to_day() -> None:
    organization = BY_SLUG["paper-lantern"]
    compute = organization.meters[0]
    days = [NOW - timedelta(days=back) for back in range(7)]
    first = [quantity(organization, compute, day, 3600) for day in days]
    assert first == [quantity(organization, compute, day, 3600) for day in days]
    assert len(set(first)) > 4
    assert min(first) > 0


def test_every_meter_that_is_sold_has_an_ordinary_day() -> None:
    assert {price["meter"] for price in PRICES if "meter" in price} == set(DAILY_THOUSANDTHS)
