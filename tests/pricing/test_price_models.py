"""A price model is one object: what rates, explains, lists and offers it asks nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.api.schemas.prices import Model
from dashboard.forms.version import VersionForm
from dashboard.pricing.charge import charge
from dashboard.pricing.models import PriceVersion
from dashboard.pricing.price_models import MODELS, PRICE_MODELS
from dashboard.pricing.price_models.base import PriceModel
from dashboard.pricing.rating import cents_of_usage, rate_metered
from dashboard.pricing.steps import Reach, Step
from dashboard.pricing.terms import Terms, Tier
from dashboard.pricing.terms_words import terms_words
from dashboard.usage.modest import most_units
from tests.support.environment import ROOT


class Doubled(PriceModel):
    """A model that is not there: each unit counts twice."""

    name = "doubled"
    label = "Doubled"

    def steps(self, terms: Terms, reach: Reach) -> Iterator[Step]:
        yield Step("units", 2 * reach.units, terms.unit_amount)

    def words(self, _terms: Terms) -> Iterator[str]:
        yield "Each unit counts twice."


def test_another_model_is_checked_rated_explained_and_said_by_its_object_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PRICE_MODELS, Doubled.name, Doubled())
    terms = Terms("doubled", Decimal(7), "usd", "GB", allowance=Decimal(1))
    terms.check()
    assert cents_of_usage(terms, Decimal(4)) == 42
    assert rate_metered(terms, Decimal(4)).trace["words"][1] == "6 GB at $0.07 each: $0.42."
    assert terms_words(terms, interval=None) == [
        "Each unit counts twice.",
        "The first 1 are included.",
    ]
    assert most_units(terms) > 0


def named_in(path: Path) -> set[str]:
    """Return the price models that a file of code or a template names."""
    if path.suffix == ".html":
        return set(MODELS) & set(re.findall(r"[\"'](\w+)[\"']", path.read_text()))
    nodes = ast.walk(ast.parse(path.read_text()))
    return {one.value for one in nodes if isinstance(one, ast.Constant)} & set(MODELS)


def test_nothing_beside_the_models_asks_for_one_by_its_name() -> None:
    ours = ROOT / "dashboard"
    code = [one for top in (ours, ROOT / "jobs") for one in top.rglob("*.py")]
    files = [*code, *(ROOT / "templates").rglob("*.html")]
    named = {
        str(path.relative_to(ROOT)): named_in(path)
        for path in files
        if ours / "pricing" / "price_models" not in path.parents
    }
    # Who sends no model means the first one that there was.
    assert {path: names for path, names in named.items() if names} == {
        "dashboard/api/schemas/prices.py": {"per_unit"}
    }


def test_the_table_the_api_and_the_form_know_the_models_that_there_are() -> None:
    table = PriceVersion.__table__
    [told] = [
        str(one.sqltext) for one in table.constraints if one.name == "ck_price_versions_model"
    ]
    assert told == "model in ('flat', 'per_unit', 'package', 'graduated', 'volume')"
    assert get_args(Model) == MODELS
    form = VersionForm.model.kwargs["choices"]
    assert [choice.value for choice in form] == list(MODELS)


TIERS = (
    Tier(Decimal(10), Decimal(5), Decimal(100)),
    Tier(Decimal(30), Decimal(8)),
    Tier(None, Decimal(3)),
)


def of(model: str, allowance: int = 0, size: str = "4") -> Terms:
    """Return terms of a model: 20 cents each, or for four, or by tier."""
    priced = PRICE_MODELS[model]
    return Terms(
        model,
        Decimal(20),
        "usd",
        "GB",
        allowance=Decimal(allowance),
        package_size=Decimal(size) if priced.has_packages else None,
        tiers=TIERS if priced.has_tiers else (),
    )


@pytest.mark.parametrize(
    ("terms", "low", "high", "amount", "units"),
    [
        (of("per_unit"), 0, 10**6, 20, 1),
        (of("package"), 3, 90, 20, 4),
        (of("graduated"), 0, 10, 5, 1),
        (of("graduated"), 9, 10, 5, 1),
        (of("graduated"), 10, 30, 8, 1),
        (of("graduated"), 30, 31, 3, 1),
        (of("graduated", 2), 2, 12, 5, 1),
        (of("graduated", 2), 12, 13, 8, 1),
        (of("graduated", 2), 32, 90, 3, 1),
    ],
)
def test_each_unit_to_come_costs_the_same_while_the_count_stays_in_a_tier(
    terms: Terms, low: int, high: int, amount: int, units: int
) -> None:
    each = terms.priced.each_more(terms, Decimal(low), Decimal(high))
    assert each == (Decimal(amount), Decimal(units))


@pytest.mark.parametrize(
    ("terms", "low", "high"),
    [
        (of("flat"), 0, 1),
        (of("volume"), 0, 1),
        (of("graduated"), 9, 11),
        (of("graduated"), 0, 31),
        (of("graduated", 2), 11, 13),
    ],
)
def test_what_a_unit_to_come_costs_is_not_told_where_it_may_change(
    terms: Terms, low: int, high: int
) -> None:
    assert terms.priced.each_more(terms, Decimal(low), Decimal(high)) is None


@pytest.mark.parametrize("name", ["per_unit", "graduated"])
@given(low=st.integers(0, 60), more=st.integers(1, 60), allowance=st.integers(0, 20))
def test_what_each_unit_to_come_costs_is_what_it_is_rated(
    name: str, low: int, more: int, allowance: int
) -> None:
    terms = of(name, allowance)
    each = terms.priced.each_more(terms, Decimal(low), Decimal(low + more))
    # Below the allowance units are free, which whoever asks looks at first; the amount that is
    # asked for entering a tier is asked by its first unit.
    if each is not None and low > allowance:
        costs = [cents_of_usage(terms, Decimal(count)) for count in (low, low + more)]
        assert costs[1] - costs[0] == each.amount * more


@pytest.mark.parametrize(
    ("name", "dearest"),
    [("flat", 0), ("per_unit", 20), ("package", 5), ("graduated", 8), ("volume", 8)],
)
def test_the_dearest_unit_costs_what_it_says_and_no_unit_costs_more(
    name: str, dearest: int
) -> None:
    terms = of(name)
    assert terms.priced.dearest(terms) == dearest
    # A package that is started, and what is asked once, come on top of it.
    once = Decimal(100 if terms.tiers else 20)
    for units in (1, 4, 10, 11, 30, 31, 400):
        assert cents_of_usage(terms, Decimal(units)) <= dearest * units + once


@pytest.mark.parametrize(
    ("size", "units", "packages"),
    [
        ("4", "4", 1),
        ("4", "4.000000000001", 2),
        ("2.5", "5", 2),
        ("2.5", "6", 3),
        ("0.5", "3", 6),
        # More digits than a float has.
        ("3", "29999999999999999999999999.000000000001", 10**25),
    ],
)
def test_a_package_of_any_size_that_is_started_is_charged_whole(
    size: str, units: str, packages: int
) -> None:
    charged = charge(of("package", size=size), Decimal(units))
    assert [step.quantity for step in charged.steps] == [packages]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("flat", ["flat"]),
        ("per_unit", ["units"]),
        ("package", ["packages"]),
        ("graduated", ["tier", "tier"]),
        ("volume", ["tier"]),
    ],
)
def test_a_charge_keeps_what_kind_each_of_its_steps_is(name: str, kinds: list[str]) -> None:
    assert [step.kind for step in charge(of(name), Decimal(11)).steps] == kinds


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("per_unit", ""),
        (
            "graduated",
            (
                "Traffic is priced by tier: the first 10 at $0.05 plus $1.00, the next 20 at "
                "$0.08, all above at $0.03."
            ),
        ),
        (
            "volume",
            (
                "Traffic: all GB have the price of the tier they reach: up to 10 GB at $0.05 plus "
                "$1.00, up to 30 GB at $0.08, all above at $0.03."
            ),
        ),
    ],
)
def test_the_foot_of_an_invoice_says_each_tier(name: str, words: str) -> None:
    terms = of(name)
    assert terms.priced.tier_words("Traffic", terms) == words
    assert terms.priced.unit_price("$0.20", None) == ("by tier" if terms.tiers else "$0.20")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("graduated", "Traffic is priced by tier, counted beyond the 100 GB included: the first"),
        ("volume", "Traffic: all GB beyond the 100 GB included have the price of the tier they"),
    ],
)
def test_the_foot_of_an_invoice_says_from_where_the_tiers_are_counted(
    name: str, words: str
) -> None:
    terms = replace(of(name), allowance=Decimal(100))
    assert terms.priced.tier_words("Traffic", terms).startswith(words)
