"""Services: attached, changed and detached, on the bill in the same transaction."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.close import seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_over
from dashboard.errors import Invalid
from dashboard.extensions import db as database
from dashboard.services.attach import attach_services
from dashboard.services.change import ChangeExists, change_quantity
from dashboard.services.detach import AlreadyDetached, detach_service
from dashboard.services.instant import InstantOutOfBounds
from dashboard.services.known import Attachment, ServiceExists
from dashboard.services.models import Service
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.queries import count_queries

DAY = timedelta(days=1)


@pytest.fixture
def acme(db):
    return make_organization()


@pytest.fixture
def fee(db):
    """Thirty dollars a cycle: in April a dollar a day."""
    return PriceFactory(code="database", version__unit_amount=Decimal(3000))


def cents(organization):
    invoice = current_invoice(organization)
    assert invoice.total_cents == sum(item.amount_cents for item in invoice.items)
    return [item.amount_cents for item in invoice.items]


def sealed_april(acme):
    """Close April and seal it; return the first instant of the tenth of May."""
    roll_over(acme, now=APRIL + 30 * DAY)
    april = acme_invoices(acme)[0]
    assert seal([april.id], now=APRIL + 31 * DAY)
    return APRIL + 39 * DAY


def acme_invoices(acme):
    query = select(Invoice).where(Invoice.organization_id == acme.id).order_by(Invoice.sequence)
    return database.session.scalars(query.execution_options(populate_existing=True)).all()


def test_a_service_costs_its_share_of_the_cycle_to_the_second(acme, fee):
    make_service(acme, fee, at=APRIL + 3 * DAY + timedelta(seconds=1))
    assert cents(acme) == [2700]
    make_service(acme, fee, at=APRIL + 9 * DAY)
    assert cents(acme) == [2700, 2100]


def test_attaching_raises_the_revision_and_plans_a_sync(acme, fee):
    service = make_service(acme, fee)
    invoice = current_invoice(acme)
    assert invoice.revision == 1
    assert invoice.is_dirty
    assert NOW < invoice.next_sync_at <= NOW + timedelta(hours=1)
    assert [item.revision for item in invoice.items] == [1]
    assert [item.service_id for item in invoice.items] == [service.id]


def test_every_change_is_on_the_audit_trail(acme, fee, db):
    service = make_service(acme, fee)
    change_quantity(service, Decimal(2), now=NOW + DAY, actor=SUPPORT)
    detach_service(service, now=NOW + 2 * DAY, actor=SUPPORT)
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-3:] == ["service.attached", "service.changed", "service.detached"]


def test_a_quantity_is_billed_for_the_time_it_held(acme, fee):
    service = make_service(acme, fee, at=APRIL, quantity=Decimal(2))
    change_quantity(service, Decimal(5), at=APRIL + 10 * DAY, now=NOW + DAY, actor=SUPPORT)
    assert cents(acme) == [2 * 1000 + 5 * 2000]


def test_a_detached_service_is_billed_until_then(acme, fee):
    service = make_service(acme, fee, at=APRIL)
    detach_service(service, at=APRIL + 6 * DAY, now=NOW, actor=SUPPORT)
    assert cents(acme) == [600]


def test_a_service_that_never_was_leaves_no_item(acme, fee):
    service = make_service(acme, fee, at=NOW)
    detach_service(service, at=NOW, now=NOW, actor=SUPPORT)
    assert cents(acme) == []


def test_the_same_external_id_again_is_one_service(acme, fee):
    first = make_service(acme, fee, external_id="db-1")
    again = make_service(acme, fee, external_id="db-1", now=NOW + DAY)
    assert first is again
    assert len(cents(acme)) == 1


@pytest.mark.parametrize("other", [{"quantity": Decimal(2)}, {"at": APRIL}])
def test_an_external_id_stands_for_one_attachment(acme, fee, other):
    make_service(acme, fee, external_id="db-1")
    with pytest.raises(ServiceExists):
        make_service(acme, fee, external_id="db-1", **other)


def test_repeated_changes_and_detachments_change_nothing(acme, fee):
    service = make_service(acme, fee, at=APRIL)
    at = APRIL + 5 * DAY
    for _ in range(2):
        change_quantity(service, Decimal(3), at=at, now=NOW, actor=SUPPORT)
        change_quantity(service, Decimal(3), now=NOW, actor=SUPPORT)
    for _ in range(2):
        detach_service(service, at=NOW, now=NOW, actor=SUPPORT)
    assert len(service.changes) == 2
    assert current_invoice(acme).revision == 3
    with pytest.raises(ChangeExists):
        change_quantity(service, Decimal(4), at=at, now=NOW, actor=SUPPORT)
    with pytest.raises(AlreadyDetached):
        detach_service(service, at=NOW - DAY, now=NOW, actor=SUPPORT)


def test_two_changes_within_a_second_both_count(acme, fee):
    service = make_service(acme, fee)
    change_quantity(service, Decimal(2), now=NOW, actor=SUPPORT)
    change_quantity(service, Decimal(3), now=NOW, actor=SUPPORT)
    assert [change.quantity for change in service.changes] == [1, 2, 3]


@pytest.mark.parametrize("at", [NOW + DAY, NOW - 36 * DAY, APRIL - timedelta(seconds=1)])
def test_an_instant_that_can_not_be_billed_is_refused(acme, fee, at):
    with pytest.raises(InstantOutOfBounds, match="Nothing was changed"):
        make_service(acme, fee, at=at)


def test_prices_of_another_currency_or_kind_of_quantity_are_refused(acme):
    with pytest.raises(Invalid, match="EUR"):
        make_service(acme, PriceFactory(currency="eur"))
    with pytest.raises(Invalid, match="no quantity"):
        make_service(acme, MeteredPriceFactory(), quantity=Decimal(2))
    metered = make_service(acme, MeteredPriceFactory())
    with pytest.raises(Invalid, match="Report its usage"):
        change_quantity(metered, Decimal(2), now=NOW, actor=SUPPORT)


def test_a_change_outside_the_time_attached_is_refused(acme, fee):
    service = make_service(acme, fee, at=APRIL + 5 * DAY)
    with pytest.raises(Invalid, match="not attached"):
        change_quantity(service, Decimal(2), at=APRIL + 4 * DAY, now=NOW, actor=SUPPORT)
    with pytest.raises(Invalid, match="after that"):
        detach_service(service, at=APRIL + 4 * DAY, now=NOW, actor=SUPPORT)


def test_an_attached_service_is_on_the_next_invoice_too(acme, fee):
    make_service(acme, fee, at=APRIL)
    roll_over(acme, now=APRIL + 30 * DAY)
    assert cents(acme) == [3000]


def test_a_backdated_service_reaches_an_invoice_that_is_closing(acme, fee):
    roll_over(acme, now=APRIL + 30 * DAY)
    make_service(acme, fee, at=APRIL + 29 * DAY, now=APRIL + 30 * DAY)
    assert [invoice.total_cents for invoice in acme_invoices(acme)] == [100, 3000]


def test_a_change_of_a_sealed_cycle_is_corrected_on_the_current_invoice(acme, fee):
    service = make_service(acme, fee, at=APRIL)
    today = sealed_april(acme)
    detach_service(service, at=APRIL + 20 * DAY, now=today, actor=SUPPORT)
    april, may = acme_invoices(acme)
    assert april.total_cents == 3000
    assert may.total_cents == -1000
    [correction] = may.items
    assert correction.description == "Managed database, correction"
    assert (correction.period_start, correction.period_end) == (APRIL, APRIL + 20 * DAY)
    assert "$30.00 of it was billed on earlier invoices" in correction.trace["words"][-1]


def test_a_list_is_attached_and_billed_together(db):
    organization, price = make_organization(), PriceFactory()
    wanted = [(price, Attachment(external_id=f"db-{n}", label=f"db-{n}")) for n in range(3)]
    services = attach_services(organization, wanted, now=NOW, actor=SUPPORT)
    assert [service.external_id for service in services] == ["db-0", "db-1", "db-2"]
    assert len(current_invoice(organization).items) == 3
    again = attach_services(organization, [*wanted[1:], *wanted], now=NOW, actor=SUPPORT)
    assert again == [*services[1:], *services]
    assert len(current_invoice(organization).items) == 3


def test_a_list_with_one_that_is_refused_attaches_nothing_and_tells_which(db):
    organization, price = make_organization(), PriceFactory()
    dinars = PriceFactory(currency="kwd")
    wanted = [(price, Attachment()), (dinars, Attachment()), (price, Attachment())]
    with pytest.raises(Invalid) as refused:
        attach_services(organization, wanted, now=NOW, actor=SUPPORT)
    [error] = refused.value.facts["errors"]
    assert (error["index"], error["field"]) == (1, "price")
    assert db.session.scalar(select(func.count()).select_from(Service)) == 0


def test_attaching_takes_no_more_statements_for_many_or_beside_many(db):
    organization, price = make_organization(), PriceFactory()
    counts = []
    for first, size in ((0, 2), (2, 60), (62, 2)):
        wanted = [(price, Attachment(external_id=f"{first + n}")) for n in range(size)]
        db.session.commit()
        with count_queries(db.engine) as queries:
            attach_services(organization, wanted, now=NOW, actor=SUPPORT)
        counts.append(queries.count)
    assert max(counts) <= counts[0]
