"""The usage of a cycle, price by price, over all the invoices that bill it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from dashboard.billing.cause import Cause
from dashboard.billing.draft import current_invoice
from dashboard.billing.lines import Line, add_line
from dashboard.billing.models import Invoice
from dashboard.billing.period import Period
from dashboard.billing.roll import roll_early
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.reading.cycle_usage import usage_in_cycle
from tests.factories import SUPPORT, MeteredPriceFactory, PriceFactory, make_organization

APRIL, MAY = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def versions(db: object) -> dict[str, int]:
    """The versions of two metered prices and a fee."""
    prices = {name: MeteredPriceFactory(name=name) for name in ("Storage", "Calls")}
    prices["Fee"] = PriceFactory(name="Fee")
    return {name: price.versions[0].id for name, price in prices.items()}


def use(invoice: Invoice, name: str, version_id: int, units: str, cents: int) -> None:
    """Put units of a price on an invoice."""
    kind = "recurring" if name == "Fee" else "metered"
    line = Line(
        kind=kind, key=f"{kind}:{version_id}", cycle_id=invoice.cycle_id, description=name,
        quantity=Decimal(units), amount_cents=cents, period=Period(APRIL, MAY), trace={},
        price_version_id=version_id,
    )  # fmt: skip
    add_line(invoice, line, Cause.usage(APRIL))
    database.session.commit()


@pytest.fixture
def acme(versions: dict[str, int]) -> Organization:
    """An organization whose cycle has two invoices; a unit is 5 cents."""
    organization = make_organization("acme", anchor=APRIL, now=APRIL)
    first = current_invoice(organization)
    use(first, "Storage", versions["Storage"], "3.5", 18)
    use(first, "Calls", versions["Calls"], "10", 50)
    use(first, "Fee", versions["Fee"], "1", 3000)
    at = datetime(2026, 4, 11, tzinfo=UTC)
    second = roll_early(organization, reason="Moving", actor=SUPPORT, now=at)
    use(second, "Storage", versions["Storage"], "1.25", 6)
    return organization


def test_each_price_is_told_over_all_invoices_in_order_of_name(
    acme: Organization, versions: dict[str, int]
) -> None:
    calls, storage = usage_in_cycle(acme.id, current_invoice(acme).cycle_id)
    assert [one.latest.description for one in (calls, storage)] == ["Calls", "Storage"]
    assert (calls.quantity, calls.amount_cents) == (10, 50)
    assert (storage.quantity, storage.amount_cents) == (Decimal("4.75"), 24)
    assert [item.invoice.sequence for item in storage.items] == [1, 2]
    assert storage.latest.invoice.sequence == 2
    assert storage.latest.price_version.price.name == "Storage"


def test_one_version_is_told_alone(acme: Organization, versions: dict[str, int]) -> None:
    [storage] = usage_in_cycle(acme.id, current_invoice(acme).cycle_id, versions["Storage"])
    assert storage.amount_cents == 24
    assert usage_in_cycle(acme.id, current_invoice(acme).cycle_id, versions["Fee"]) == []


def test_no_other_cycle_and_no_other_organization_is_told(
    acme: Organization, versions: dict[str, int]
) -> None:
    other = make_organization("other", anchor=APRIL, now=APRIL)
    use(current_invoice(other), "Calls", versions["Calls"], "99", 99)
    assert len(usage_in_cycle(acme.id, current_invoice(acme).cycle_id)) == 2
    assert usage_in_cycle(acme.id, current_invoice(other).cycle_id) == []
    assert usage_in_cycle(other.id, current_invoice(acme).cycle_id) == []
