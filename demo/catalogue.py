"""What the demo company sells: fees and meters, as the API takes them."""

from __future__ import annotations

from typing import Any

# Before any usage the demo can report; the catalogue was always there.
SOLD_SINCE = "2020-01-01T00:00:00+00:00"
Body = dict[str, Any]


def fee(
    code: str, name: str, minor_units: str, *, unit: str, product: str, currency: str = "usd"
) -> Body:
    """Return a recurring price: so many minor units a cycle for each."""
    return {
        "code": code,
        "name": name,
        "product": product,
        "kind": "recurring",
        "model": "per_unit",
        "unit_amount": minor_units,
        "unit_label": unit,
        "currency": currency,
        "effective_at": SOLD_SINCE,
    }


def meter(
    code: str, name: str, model: str, *, unit: str, currency: str = "usd", **terms: Any
) -> Body:
    """Return a metered price; `terms` are those of its model, amounts in minor units.

    A product with its own name, unless they say another.
    """
    return {
        "code": code,
        "name": name,
        "kind": "metered",
        "meter": code.removesuffix(f"-{currency}"),
        "model": model,
        "unit_label": unit,
        "currency": currency,
        "effective_at": SOLD_SINCE,
        **terms,
    }


def tiers(*steps: tuple[str | None, str]) -> list[dict[str, str | None]]:
    """Return tiers from (up to and including, minor units of each unit); None: all the rest."""
    return [{"up_to": up_to, "unit_amount": amount} for up_to, amount in steps]


PRICES = (
    fee("server-small", "Small server", "1200", unit="server", product="Servers"),
    fee("server-medium", "Medium server", "3600", unit="server", product="Servers"),
    fee("server-large", "Large server", "9600", unit="server", product="Servers"),
    fee("volume", "Block storage, 100 GB", "1000", unit="volume", product="Storage"),
    fee("load-balancer", "Load balancer", "1500", unit="balancer", product="Network"),
    fee("address", "Static address", "350", unit="address", product="Network"),
    fee("backup", "Nightly backup", "240", unit="server", product="Storage"),
    fee("support", "Business support", "29900", unit="plan", product="Business support"),
    fee("community", "Community plan", "0", unit="plan", product="Community plan"),
    meter("compute", "Compute", "per_unit", unit="vCPU hour", unit_amount="2.5", allowance="10"),
    meter(
        "transfer",
        "Data transfer",
        "graduated",
        unit="GB",
        allowance="5",
        tiers=tiers(("1000", "9"), ("5000", "7"), (None, "4.5")),
    ),
    meter(
        "requests",
        "API requests",
        "package",
        unit="request",
        unit_amount="40",
        package_size="100000",
        allowance="100000",
    ),
    meter(
        "object-storage",
        "Object storage",
        "per_unit",
        unit="GB hour",
        product="Storage",
        unit_amount="0.0035",
    ),
    meter(
        "mail",
        "Mail delivery",
        "volume",
        unit="message",
        tiers=tiers(("10000", "0.08"), ("100000", "0.06"), (None, "0.04")),
    ),
    meter("logs", "Log intake", "per_unit", unit="GB", unit_amount="50", allowance="1"),
    fee(
        "server-small-jpy",
        "Small server",
        "1800",
        unit="server",
        product="Servers",
        currency="jpy",
    ),
    fee(
        "support-jpy",
        "Business support",
        "45000",
        unit="plan",
        product="Business support",
        currency="jpy",
    ),
    meter(
        "compute-jpy",
        "Compute",
        "per_unit",
        unit="vCPU hour",
        currency="jpy",
        unit_amount="3.75",
        allowance="10",
    ),
    meter("transfer-jpy", "Data transfer", "per_unit", unit="GB", currency="jpy", unit_amount="13"),
)

# Thousandths of a unit that an organization of ordinary size uses in a day.
DAILY_THOUSANDTHS = {
    "compute": 1_100_000,
    "transfer": 450_000,
    "requests": 2_300_000_000,
    "object-storage": 300_000_000,
    "mail": 13_000_000,
    "logs": 15_000,
}
# These come in ones: there is no half request.
WHOLE = frozenset({"requests", "mail"})
