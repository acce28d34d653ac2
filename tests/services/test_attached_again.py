"""An external id is attached once at a time: again after its end, told apart from a repeat."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dashboard.billing.draft import current_invoice
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.known import ServiceDetached, ServiceExists
from dashboard.services.models import Service
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    APRIL,
    NOW,
    SUPPORT,
    MeteredPriceFactory,
    PriceFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch

DAY = timedelta(days=1)
PART = timedelta(milliseconds=400)
ENDED = APRIL + 6 * DAY


@pytest.fixture
def acme(db):
    return make_organization()


@pytest.fixture
def fee(db):
    """Thirty dollars a cycle: in April a dollar a day."""
    return PriceFactory(code="database", version__unit_amount=Decimal(3000))


@pytest.fixture
def ended(acme, fee):
    """A service from the first to the seventh of April."""
    service = make_service(acme, fee, at=APRIL, external_id="db-1")
    detach_service(service, at=ENDED, now=NOW, actor=SUPPORT)
    return service


def total(organization):
    return current_invoice(organization).total_cents


def test_without_an_instant_a_detached_service_is_neither_repeated_nor_attached(acme, fee, ended):
    with pytest.raises(ServiceDetached, match="db-1 was detached at 2026-04-07") as refused:
        make_service(acme, fee, external_id="db-1")
    assert refused.value.code == "service_detached"
    assert "Nothing was attached" in refused.value.message
    assert total(acme) == 600


@pytest.mark.parametrize("at", [ENDED, ENDED + 2 * DAY])
def test_from_its_end_on_it_is_attached_again_and_billed(acme, fee, ended, at):
    again = make_service(acme, fee, at=at, external_id="db-1")
    assert again is not ended
    assert total(acme) == 600 + (APRIL + 30 * DAY - at) / DAY * 100
    assert make_service(acme, fee, at=at, external_id="db-1") is again
    assert make_service(acme, fee, external_id="db-1") is again


def test_the_original_request_stays_one_service(acme, fee, ended, db):
    assert make_service(acme, fee, at=APRIL, external_id="db-1") is ended
    make_service(acme, fee, at=ENDED, external_id="db-1")
    assert make_service(acme, fee, at=APRIL, external_id="db-1") is ended
    assert db.session.scalar(select(func.count()).select_from(Service)) == 2


@pytest.mark.parametrize("at", [APRIL + DAY, ENDED - timedelta(seconds=2)])
def test_it_is_not_attached_within_the_time_it_was(acme, fee, ended, at):
    with pytest.raises(ServiceExists, match="Nothing was changed"):
        make_service(acme, fee, at=at, external_id="db-1")


def test_another_label_price_or_quantity_is_no_repeat(acme, fee):
    make_service(acme, fee, at=APRIL, external_id="db-1", label="Main")
    make_service(acme, fee, external_id="db-1", label="Main")
    for other in ({"label": "Other"}, {"label": "Main", "quantity": Decimal(2)}, {}):
        with pytest.raises(ServiceExists):
            make_service(acme, fee, external_id="db-1", **other)
    with pytest.raises(ServiceExists):
        make_service(acme, PriceFactory(), external_id="db-1", label="Main")


def test_it_may_be_attached_again_in_the_second_it_ended_without_costing_twice(acme, fee):
    service = make_service(acme, fee, at=APRIL, external_id="db-1")
    detach_service(service, at=ENDED + PART, now=NOW, actor=SUPPORT)
    again = make_service(acme, fee, at=ENDED + 2 * PART, external_id="db-1")
    assert again.attached_at == service.detached_at == ENDED + timedelta(seconds=1)
    assert make_service(acme, fee, at=ENDED + 2 * PART, external_id="db-1") is again
    assert total(acme) == 3000


def test_usage_that_names_it_counts_for_the_one_attached_then(acme, db):
    cheap, dear = (MeteredPriceFactory(version__unit_amount=Decimal(cents)) for cents in (1, 100))
    first = make_service(acme, cheap, at=APRIL, external_id="web")
    detach_service(first, at=ENDED, now=NOW, actor=SUPPORT)
    make_service(acme, dear, at=ENDED + DAY, external_id="web")
    instants = (ENDED - DAY, ENDED + DAY)
    entries = [
        ReportedRecord("acme", "requests", f"{at}", Decimal(1), at, "web") for at in instants
    ]
    record_batch(entries, now=NOW)
    assert sorted(item.amount_cents for item in current_invoice(acme).items) == [1, 100]


def test_a_service_ends_with_its_second_so_no_usage_before_the_end_is_cut_off(acme):
    service = make_service(acme, MeteredPriceFactory(), at=APRIL)
    ended = detach_service(service, at=NOW + 2 * PART, now=NOW + DAY, actor=SUPPORT).service
    assert ended.detached_at == NOW + timedelta(seconds=1)
    record_batch([ReportedRecord("acme", "requests", "a", Decimal(1), NOW + PART)], now=NOW + DAY)
    assert detach_service(service, at=NOW + 2 * PART, now=NOW + DAY, actor=SUPPORT).service is ended


def test_usage_before_the_end_stays_when_the_end_is_told_later(acme):
    service = make_service(acme, MeteredPriceFactory(), at=APRIL)
    record_batch([ReportedRecord("acme", "requests", "a", Decimal(1), NOW + PART)], now=NOW + DAY)
    ended = detach_service(service, at=NOW + 2 * PART, now=NOW + DAY, actor=SUPPORT)
    assert ended.taken_off.records == 0


def test_what_begins_begins_with_its_second(acme, fee):
    service = make_service(acme, fee, at=APRIL + PART)
    assert service.attached_at == APRIL
    change = change_quantity(service, Decimal(2), at=NOW - DAY + PART, now=NOW, actor=SUPPORT)
    assert change.effective_at == NOW - DAY
    again = change_quantity(service, Decimal(2), at=NOW - DAY + PART, now=NOW, actor=SUPPORT)
    assert again is change


def test_a_fraction_does_not_put_an_instant_out_of_reach(acme, fee):
    now = APRIL + 40 * DAY + PART
    assert make_service(acme, fee, at=now - 35 * DAY, now=now).attached_at == APRIL + 5 * DAY
