"""Each invariant holds of a life that went its way, and alone notices what breaks it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import fold
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants.known import INVARIANTS
from dashboard.invariants.look import Broken, look_at_all
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.services.detach import detach_service
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.invariants.breaks import BREAKS
from tests.support.syncing import Syncer


@pytest.fixture
def acme(db: object, syncer: Syncer) -> Organization:
    """An organization with an issued invoice, one that is closing, and usage of every kind."""
    now = utc_now()
    begun = now - timedelta(days=12)
    with transaction():
        acme = make_organization("acme", anchor=begun, now=begun)
        make_service(acme, PriceFactory(code="support", name="Support"), at=begun, now=now)
        calls = make_service(
            acme, MeteredPriceFactory(code="calls"), at=begun, now=now, external_id="a"
        )
        make_service(acme, MeteredPriceFactory(code="calls-2"), at=begun, now=now, external_id="b")
    use(acme, "early", "a", now - timedelta(days=9))
    first = adjusted(acme, 2500)
    with transaction():
        roll_early(acme, reason="Asked for", actor=SUPPORT, now=utc_now())
    syncer.sync(first, "final", verify=True)
    use(acme, "late", "b", now - timedelta(days=2))
    use(acme, "gone", "a", now - timedelta(minutes=20))
    adjusted(acme, 900)
    with transaction():
        detach_service(calls, at=now - timedelta(minutes=25), actor=SUPPORT, now=now)
    syncer.sync(current_invoice(acme))
    use(acme, "waits", "b", now, is_folded=False)
    assert first.status == "open"
    return acme


def use(acme: Organization, key: str, service: str, at, *, is_folded: bool = True) -> None:
    """Report seven units, counted at once or left to wait."""
    with transaction():
        record_batch(
            [ReportedRecord(acme.slug, "requests", key, Decimal(7), at, service)], now=utc_now()
        )
        if is_folded:
            fold([acme.id], now=utc_now())


def adjusted(acme: Organization, cents: int):
    """Add a charge or credit to the current invoice, and return that."""
    with transaction():
        invoice = current_invoice(acme)
        add_adjustment(
            invoice, Money(cents, "usd"), reason="Agreed", description=f"Of {cents}",
            actor=SUPPORT, now=utc_now(), key=f"of-{cents}",
        )  # fmt: skip
    return invoice


def test_an_item_that_no_charge_or_credit_is_behind_is_noticed(acme: Organization) -> None:
    with transaction():
        database.session.execute(
            text(
                "update invoice_items set kind = 'adjustment' where kind = 'recurring'"
                " and invoice_id = (select id from invoices where status = 'draft')"
            )
        )
    assert {(one.invariant.name, one.said) for one in broken()} == {
        ("adjustments_are_billed", None)
    }


def broken() -> Sequence[Broken]:
    return [one for _, found in look_at_all() for one in found]


def test_all_hold_of_a_life_that_went_its_way(acme: Organization) -> None:
    assert list(map(str, broken())) == []


@pytest.mark.parametrize("name", [one.name for one in INVARIANTS])
def test_each_notices_what_breaks_it(acme: Organization, name: str) -> None:
    statement, says = BREAKS[name]
    with transaction():
        for part in statement.split(";"):
            database.session.execute(text(part))
    found = broken()
    told = [str(one) for one in found if one.invariant.name == name]
    assert len(told) == 1, list(map(str, found))
    assert says in told[0]


@pytest.mark.parametrize("which", ["lost", "counted twice", "on another day", "taken off"])
def test_usage_that_is_not_counted_once_on_its_day_is_noticed(acme: Organization, which) -> None:
    """Records are reported seven units each; three are counted, one waits, one was taken off."""
    breaks = {
        "lost": "delete from usage_waiting",
        "counted twice": "insert into usage_waiting (organization_id, cycle_id, price_version_id,"
        " service_id, day, quantity, services_revision, received_at) select organization_id,"
        " cycle_id, price_version_id, service_id, day, quantity, services_revision, received_at"
        " from usage_waiting",
        "on another day": "update usage_totals set day = day - 1 where day = "
        "(select min(day) from usage_totals)",
        "taken off": "delete from usage_taken_off",
    }
    with transaction():
        database.session.execute(text(breaks[which]))
    found = broken()
    assert {one.invariant.name for one in found} == {"usage_is_counted"}
    sides = {(one.said, one.found) for one in found}
    assert (
        sides
        == {
            "lost": {(7, 0)},
            "counted twice": {(7, 14)},
            "on another day": {(7, 0), (0, 7)},
            "taken off": {(7, 0)},
        }[which]
    )


def test_many_organizations_are_looked_at_in_slices(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.invariants.look.SLICE", 2)
    with transaction():
        for number in range(4):
            make_organization(f"more-{number}", now=utc_now(), anchor=utc_now())
        database.session.execute(text("update invoices set total_cents = 7 where status = 'draft'"))
    slices = list(look_at_all())
    assert [count for count, _ in slices] == [2, 2, 1]
    slugs = {one.slug for _, found in slices for one in found}
    assert slugs == {"acme", *(f"more-{number}" for number in range(4))}
