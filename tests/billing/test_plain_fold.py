"""What nearly all usage takes, two statements, writes what the general way of billing it would."""

from datetime import timedelta
from decimal import Decimal

import pytest

from dashboard.billing import fold as folding
from dashboard.billing.cause import Cause
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import count_now, fold
from dashboard.billing.metered import rerate_metered, usage_of
from dashboard.billing.plain_fold import add_plain
from dashboard.billing.roll import roll_early
from dashboard.pricing.catalog import price_by_code
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from dashboard.usage.waiting import organizations_waiting
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.queries import count_queries

TIERS = [
    {"up_to": "10", "unit_amount": "3", "flat_amount": "100"},
    {"up_to": None, "unit_amount": "1.5", "flat_amount": "0"},
]
TERMS = {
    "units": {"unit_amount": Decimal("0.0625")},
    "allowance": {"allowance": Decimal(7)},
    "packages": {"model": "package", "unit_amount": Decimal(40), "package_size": Decimal(3)},
    "graduated": {"model": "graduated", "unit_amount": Decimal(0), "tiers": TIERS},
    "volume": {"model": "volume", "unit_amount": Decimal(0), "tiers": TIERS},
    "flat": {"model": "flat", "unit_amount": Decimal(900)},
}
ITEM = (
    "description",
    "quantity",
    "amount_cents",
    "trace",
    "period_start",
    "period_end",
    "revision",
)


@pytest.fixture
def shops(db):
    """Two organizations with a service of each kind of terms, all of which they used already."""
    both = [make_organization(slug) for slug in ("acme", "beta")]
    for name, terms in TERMS.items():
        version = {f"version__{field}": value for field, value in terms.items()}
        price = MeteredPriceFactory(code=name, meter=name, name=f"Use of {name}", **version)
        for organization in both:
            make_service(organization, price, at=APRIL)
    db.session.commit()
    accept(both, "first", "4.5")
    fold_all()
    return both


def accept(organizations, key, units):
    """Accept so many units of every meter of each."""
    entries = [
        ReportedRecord(one.slug, name, f"{key}-{name}", Decimal(units), NOW)
        for one in organizations
        for name in TERMS
    ]
    with transaction():
        record_batch(entries, now=NOW)


def fold_all():
    """Count all that waits."""
    with transaction():
        fold(organizations_waiting(most=10), now=NOW)


def bill(organization):
    """Return all that its current invoice says."""
    draft = current_invoice(organization)
    assert draft.total_cents == sum(item.billed_cents for item in draft.items)
    assert draft.next_sync_at is not None
    said = [[getattr(item, name) for name in ITEM] for item in draft.items]
    return draft.revision, draft.total_cents, sorted(said, key=lambda one: one[0])


def in_general(units, _locked, *, now):
    """Take no usage for plain."""
    return dict(units)


@pytest.mark.parametrize("units", ["0", "0.000001", "3", "12.75", "1000"])
def test_it_says_the_same_as_the_general_way(shops, monkeypatch, units):
    acme, beta = shops
    accept(shops, "more", units)
    with transaction():
        count_now(acme.id, now=NOW)
    monkeypatch.setattr(folding, "add_plain", in_general)
    fold_all()
    assert bill(acme) == bill(beta)


def test_its_explanation_is_not_kept_but_told_by_the_item(shops):
    accept(shops, "more", "2")
    fold_all()
    draft = current_invoice(shops[0])
    assert [item.kept_trace for item in draft.items] == [{}] * len(TERMS)
    [units] = [item.trace for item in draft.items if item.description == "Use of units"]
    assert units["words"] == [
        "6.5 requests used.",
        "6.5 requests at $0.000625 each: $0.0040625.",
        "$0.0040625, rounded half away from zero: $0.00.",
    ]


def test_it_is_no_change_to_rate_anew_what_says_the_same_without_an_explanation(shops):
    accept(shops, "more", "2")
    fold_all()
    before = bill(shops[0])
    with transaction():
        draft = current_invoice(shops[0])
        assert not rerate_metered(draft, usage_of(draft.items), Cause.usage(NOW))
    assert bill(shops[0]) == before


def test_it_writes_any_number_of_items_and_invoices_by_one_statement(db, shops, monkeypatch):
    monkeypatch.setattr(folding, "bill_units", None)
    accept(shops, "more", "2")
    with count_queries(db.engine) as queries:
        fold_all()
    assert sum("update invoice" in one for one in queries.statements) == 1


def test_what_the_session_holds_of_the_bill_is_as_it_was_written(shops):
    draft = current_invoice(shops[0])
    revision, before = draft.revision, {item.key: item.quantity for item in draft.items}
    accept(shops, "more", "2")
    with transaction():
        draft = current_invoice(shops[0])
        assert len(draft.items) == len(TERMS)
        count_now(shops[0].id, now=NOW)
        assert draft.revision == revision + 1
        assert {item.key: item.quantity - 2 for item in draft.items} == before


def test_usage_of_two_invoices_or_of_two_versions_is_left_to_the_general_way(shops, monkeypatch):
    acme, beta = shops
    with transaction():
        roll_early(acme, reason="Moving", actor=SUPPORT, now=NOW)
        PriceVersionFactory(price=price_by_code("units"), effective_at=NOW + timedelta(days=1))
    left = []

    def noting(units, locked, *, now):
        left.append(add_plain(units, locked, now=now))
        return left[-1]

    monkeypatch.setattr(folding, "add_plain", noting)
    accept(shops, "more", "2")
    for one in (acme, beta):
        with transaction():
            count_now(one.id, now=NOW)
    assert [len(some) for some in left] == [len(TERMS), 1]
