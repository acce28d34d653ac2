"""A price model is one object: what rates, explains, lists and offers it asks nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from dashboard.api.schemas.prices import Model
from dashboard.forms.version import VersionForm
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
    assert terms_words(terms, is_recurring=False) == [
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
    ours, demo = ROOT / "dashboard", ROOT / "dashboard" / "sandbox"
    code = [one for top in (ours, ROOT / "jobs") for one in top.rglob("*.py")]
    files = [*code, *(ROOT / "templates").rglob("*.html")]
    named = {
        str(path.relative_to(ROOT)): named_in(path)
        for path in files
        if ours / "pricing" / "price_models" not in path.parents and demo not in path.parents
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


@pytest.mark.parametrize("name", MODELS)
def test_each_unit_after_a_count_costs_what_it_says_that_it_does(name: str) -> None:
    priced = PRICE_MODELS[name]
    tiers = (Tier(Decimal(10), Decimal(5)), Tier(None, Decimal(3))) if priced.has_tiers else ()
    size = Decimal(1) if priced.has_packages else None
    terms = Terms(name, Decimal(5), "usd", package_size=size, tiers=tiers)
    for low, high in ((0, 10), (10, 20), (4, 5), (30, 90)):
        each = priced.each_more(terms, Decimal(low), Decimal(high))
        if each is not None:
            more = cents_of_usage(terms, Decimal(high)) - cents_of_usage(terms, Decimal(low))
            assert more == each.amount / each.units * (high - low)


@pytest.mark.parametrize("name", MODELS)
def test_no_unit_costs_more_than_its_dearest(name: str) -> None:
    priced = PRICE_MODELS[name]
    tiers = (Tier(Decimal(10), Decimal(5)), Tier(None, Decimal(8))) if priced.has_tiers else ()
    size = Decimal(4) if priced.has_packages else None
    terms = Terms(name, Decimal(20), "usd", package_size=size, tiers=tiers)
    once = Decimal(20) if not priced.has_tiers else Decimal(0)
    for units in (1, 4, 10, 11, 400):
        cost = cents_of_usage(terms, Decimal(units))
        assert cost <= priced.dearest(terms) * units + once
