"""Several void invoices: which of them is told first makes no difference to anybody's money."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.carry import carry_over
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.void_decide import decide_void
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT, PriceFactory, make_organization, make_service
from tests.support.stripe_acts import tell

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
AFTER_19_DAYS = APRIL + timedelta(days=20)
ORDERS = [(1, 2), (2, 1)]


@pytest.fixture
def organization(db: object) -> Organization:
    """Of its fee of 29.00 Stripe asked for all when 19.00 were due; its second asks for 40.00."""
    organization = make_organization(anchor=APRIL, now=APRIL)
    price = PriceFactory(version__unit_amount=Decimal(3000))
    attached_at = APRIL + timedelta(days=1)
    make_service(organization, price, now=attached_at, at=attached_at)
    first = current_invoice(organization)
    seal_now(first, now=AFTER_19_DAYS)
    carry_over(first, {item.key: 2900 for item in first.items}, now=AFTER_19_DAYS)
    tell(first, "open", AFTER_19_DAYS)
    charge(organization, 5000)
    issue(organization)
    return organization


def charge(organization: Organization, cents: int) -> None:
    """Put a charge on the current invoice."""
    add_adjustment(
        current_invoice(organization), Money(cents, "usd"), reason="Setup", description="Setup",
        actor=SUPPORT, now=AFTER_19_DAYS, key=f"setup-{cents}",
    )  # fmt: skip


def issue(organization: Organization) -> Invoice:
    """Issue the current invoice as it is, a second after the one before it was."""
    invoice = current_invoice(organization)
    now = invoice.period_start + timedelta(seconds=1)
    seal_now(invoice, now=now)
    tell(invoice, "open", now)
    return invoice


def void(organization: Organization, *sequences: int) -> None:
    """Void these invoices, one after the other."""
    for sequence in sequences:
        tell(numbered(organization, sequence), "void", AFTER_19_DAYS)
        database.session.commit()


def numbered(organization: Organization, sequence: int) -> Invoice:
    """Return its invoice of that number."""
    query = select(Invoice).where(Invoice.organization_id == organization.id)
    return database.session.scalars(query.where(Invoice.sequence == sequence)).one()


def write_off(organization: Organization, *sequences: int) -> None:
    """Write these void invoices off."""
    for sequence in sequences:
        decide(organization, sequence, "write_off")


def decide(organization: Organization, sequence: int, decision: str) -> None:
    """Decide on a void invoice."""
    invoice, now = numbered(organization, sequence), current_invoice(organization).period_start
    decide_void(invoice, decision, seen=None, reason="Gone", actor=SUPPORT, now=now)
    database.session.commit()


def cases(organization: Organization) -> list[int]:
    """Return what the cases of its void invoices hold, in order."""
    query = select(VoidCase.cents).where(VoidCase.organization_id == organization.id)
    return list(database.session.scalars(query.order_by(VoidCase.invoice_id)))


def lines(organization: Organization) -> dict[str, list[int]]:
    """Return what the current invoice bills, by kind."""
    found: dict[str, list[int]] = {}
    for item in current_invoice(organization).items:
        found.setdefault(item.kind, []).append(item.amount_cents)
    return found


def test_what_was_asked_too_much_counts_while_it_stands(organization: Organization) -> None:
    assert [numbered(organization, n).total_cents for n in (1, 2)] == [2900, 4000]
    void(organization, 2)
    # The first asked for all of the cycle's fee, so that nothing of it is left to bill.
    assert (cases(organization), lines(organization)) == ([5000], {"recurring": [0]})


@pytest.mark.parametrize("order", ORDERS)
def test_both_orders_of_two_voids_leave_the_same(
    organization: Organization, order: tuple[int, int]
) -> None:
    void(organization, *order)
    assert cases(organization) == [1900, 5000]
    assert lines(organization) == {"recurring": [1000]}
    write_off(organization, 1, 2)
    assert lines(organization) == {"recurring": [1000]}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("decision", ["write_off", "bill"])
def test_a_decision_between_two_voids_changes_nothing_of_it(
    organization: Organization, order: tuple[int, int], decision: str
) -> None:
    first, second = order
    void(organization, first)
    decide(organization, first, decision)
    void(organization, second)
    decide(organization, second, decision)
    billed = 1900 + 5000 if decision == "bill" else 0
    assert current_invoice(organization).total_cents == 1000 + billed
    words = [sentence for item in current_invoice(organization).items
             for sentence in item.trace["words"]]  # fmt: skip
    assert not any("was billed on earlier" in sentence for sentence in words)


def test_what_was_taken_back_of_a_credit_that_is_void_since_is_given_back(
    organization: Organization,
) -> None:
    void(organization, 1)
    assert lines(organization)["taken_back"] == [1000]
    third = issue(organization)
    void(organization, 2)
    assert cases(organization) == [1900, 5000]
    assert lines(organization)["taken_back"] == [-1000]
    void(organization, third.sequence)
    assert "taken_back" not in lines(organization)
    assert cases(organization) == [1900, 5000, 0]
