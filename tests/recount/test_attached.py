"""What bills a record is found by one pass over the services, however many a meter has."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.pricing.terms import Terms
from dashboard.recount.facts import Cycle, Facts, Price, Service, Version
from dashboard.recount.usage import AMBIGUOUS, Sum, _bounds, _Resolver

START = datetime(2030, 1, 1, tzinfo=UTC)
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
hours = st.integers(0, 40)
lives = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from((1, 2)), hours, st.none() | hours), max_size=8
)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def facts_of(services: list[Service]) -> Facts:
    """Return an organization with two prices of one meter, and two cycles of a day."""
    terms = Terms(model="per_unit", unit_amount=Decimal(1), currency="usd")
    prices = {
        number: Price(
            number, f"Price {number}", f"price-{number}", "requests", "month",
            [Version(number * 10, number, at(3), FOR_EVER, terms, START)],
        )
        for number in (1, 2)
    }  # fmt: skip
    return Facts(
        id=1, slug="acme", currency="usd",
        cycles={
            n: Cycle(n, n, at(n * 20), at(n * 20 + 20), "month", None) for n in (0, 1)
        },
        bills={}, prices=prices, services={one.id: one for one in services}, items=[], claims={},
        charges={}, versions={v.id: v for p in prices.values() for v in p.versions},
        ordered_bills=[],
    )  # fmt: skip


def sum_of(stretch: int, named: str | None) -> Sum:
    return Sum(
        "requests",
        named,
        stretch,
        date(2030, 1, 1),
        7,
        8,
        9,
        None,
        False,
        False,
        0,
        None,
        1,
        Decimal(1),
    )


def asked_of_each(facts: Facts, instant: datetime, named: str | None) -> object:
    """Return what bills a record, by asking each service: the plain way."""
    attached = [
        one for one in facts.services.values()
        if (named is None or one.external_id == named) and one.covers(instant)
    ]  # fmt: skip
    prices = {one.price_id for one in attached}
    if len(prices) > 1:
        return (7, 8, 9)
    cycle = next((c for c in facts.cycles.values() if c.starts_at <= instant < c.ends_at), None)
    version = facts.prices[prices.pop()].version_at(instant) if prices else None
    if cycle is None or version is None:
        return None
    return cycle.id, version.id, attached[0].id if len(attached) == 1 else None


@given(lives)
def test_one_pass_finds_what_asking_each_service_finds(
    lives: list[tuple[str, int, int, int | None]],
) -> None:
    services = [
        Service(n, name, name, price, at(begun), None if ended is None else at(ended), START)
        for n, (name, price, begun, ended) in enumerate(lives, start=1)
    ]
    facts = facts_of(services)
    bounds = _bounds(facts)
    resolver = _Resolver(facts, bounds)
    for stretch, instant in enumerate(bounds, start=1):
        for named in (None, "a", "b", "nobody"):
            found = resolver.resolve(sum_of(stretch, named))
            assert found == asked_of_each(facts, instant, named)
            assert found != AMBIGUOUS
    assert resolver.resolve(sum_of(0, None)) is None


def test_a_service_of_many_is_not_asked_once_for_each_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Counter[str]()
    covers = Service.covers

    def counted(self: Service, instant: datetime) -> bool:
        asked["times"] += 1
        return covers(self, instant)

    monkeypatch.setattr(Service, "covers", counted)
    many = [
        Service(n, f"name-{n}", "", 1, START + timedelta(seconds=n), None, START)
        for n in range(1, 1001)
    ]
    facts = facts_of(many)
    bounds = _bounds(facts)
    resolver = _Resolver(facts, bounds)
    for stretch in range(1, len(bounds) + 1):
        resolver.resolve(sum_of(stretch, None))
    assert asked["times"] <= 10 * len(many)
