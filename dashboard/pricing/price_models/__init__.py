"""The price models: a new one is a module beside these, a line here, and a migration."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.pricing.price_models.base import PriceModel
from dashboard.pricing.price_models.flat import Flat
from dashboard.pricing.price_models.graduated import Graduated
from dashboard.pricing.price_models.package import Package
from dashboard.pricing.price_models.per_unit import PerUnit
from dashboard.pricing.price_models.volume import Volume

# By the name that is stored and sent; forms list them in this order.
PRICE_MODELS: Mapping[str, PriceModel] = {
    one.name: one for one in (Flat(), PerUnit(), Package(), Graduated(), Volume())
}
MODELS = tuple(PRICE_MODELS)
TIERED = tuple(one.name for one in PRICE_MODELS.values() if one.has_tiers)
PACKAGED = tuple(one.name for one in PRICE_MODELS.values() if one.has_packages)
