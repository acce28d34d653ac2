"""What there is of a kind is in the list that the product reads: nothing lies unused."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import pytest
from flask import Blueprint

from dashboard import api, doctor, views
from dashboard.doctor import examine
from dashboard.gateway import conformance
from dashboard.gateway.conformance.registry import Checks
from dashboard.gateway.conformance.runner import CHECKS
from dashboard.pricing import price_models
from dashboard.pricing.price_models import PRICE_MODELS
from dashboard.pricing.price_models.base import PriceModel
from dashboard.sync import stripe_calls
from dashboard.sync.stripe_calls import STRIPE_CALLS
from dashboard.sync.stripe_calls.base import StripeCall


def modules(package: ModuleType) -> dict[str, ModuleType]:
    """Return the modules right in a package, by name."""
    prefix = f"{package.__name__}."
    return {one.name: import_module(prefix + one.name) for one in iter_modules(package.__path__)}


@pytest.mark.parametrize("package", [views, api])
def test_every_file_of_addresses_is_among_the_resources(package: ModuleType) -> None:
    found = {
        name
        for name, module in modules(package).items()
        if isinstance(getattr(module, "bp", None), Blueprint)
    }
    listed = {one.__name__.rsplit(".", 1)[1] for one in package.RESOURCES}
    assert found - listed == set()


def test_every_price_model_is_in_the_registry() -> None:
    assert named(PriceModel, price_models, by="name") == {
        type(one) for one in PRICE_MODELS.values()
    }


def test_every_call_to_stripe_is_in_the_registry() -> None:
    assert named(StripeCall, stripe_calls, by="operation") == set(STRIPE_CALLS.values())


def named(base: type, package: ModuleType, *, by: str) -> set[type]:
    """Return the classes of a package that are a `base` with a name of their own."""
    return {
        one
        for module in modules(package).values()
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, base) and by in vars(one)
    }


def test_every_file_of_checks_of_stripe_is_run() -> None:
    run = set(CHECKS)
    for name, module in modules(conformance).items():
        checks = getattr(module, "check", None)
        if isinstance(checks, Checks):
            assert set(checks.all) <= run, name


def test_every_area_of_the_doctor_is_examined() -> None:
    areas = {name for name, module in modules(doctor).items() if hasattr(module, "findings")}
    assert areas
    assert {name for name in areas if not hasattr(examine, name)} == set()
