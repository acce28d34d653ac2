"""Revisions, planned syncs, and which invoice takes a change."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.chain import takes_changes
from dashboard.billing.draft import (
    current_invoice,
    lock_invoice,
    open_items,
    rate_invoice,
    schedule_sync,
    touch,
)
from dashboard.billing.policy import current_policy
from dashboard.errors import NotFound
from tests.factories import APRIL, NOW, PriceFactory, make_organization, make_service


@pytest.fixture
def invoice(db):
    organization = make_organization()
    make_service(organization, PriceFactory(version__unit_amount=3000), at=APRIL)
    return current_invoice(organization)


def test_touching_raises_the_revision_and_takes_the_total_from_the_items(invoice, db):
    invoice.items[0].amount_cents = 70
    invoice.items[0].carried_cents = 20
    touch(invoice, now=NOW)
    assert (invoice.total_cents, invoice.revision) == (50, 2)


def test_a_planned_sync_is_not_put_off_by_further_changes(invoice, db):
    planned = invoice.next_sync_at
    touch(invoice, now=NOW + timedelta(minutes=59))
    assert invoice.next_sync_at == planned


@given(st.integers(1, 10**9), st.integers(0, 10**6))
def test_an_organization_syncs_at_the_same_point_of_every_interval(organization_id, seconds):
    interval = current_policy().sync_interval_seconds
    stub = SimpleNamespace(organization_id=organization_id, next_sync_at=None)
    now = NOW + timedelta(seconds=seconds)
    schedule_sync(stub, now)
    first = stub.next_sync_at
    assert now < first <= now + timedelta(seconds=interval)
    schedule_sync(stub, first)
    assert stub.next_sync_at - first == timedelta(seconds=interval)


def test_syncs_are_spread_over_the_interval():
    minutes = []
    for organization_id in range(600):
        stub = SimpleNamespace(organization_id=organization_id, next_sync_at=None)
        schedule_sync(stub, NOW)
        minutes.append(stub.next_sync_at.minute)
    busiest = max(minutes.count(minute) for minute in range(60))
    assert busiest <= 20  # ten each if perfectly even


def test_rating_anew_what_is_right_already_changes_nothing(invoice, db):
    rate_invoice(invoice, now=NOW)
    open_items(invoice, now=NOW)
    assert (invoice.revision, invoice.items[0].revision) == (1, 1)


def test_a_change_goes_behind_the_last_frozen_invoice_of_its_cycle():
    def cycle(*changeable):
        return [
            SimpleNamespace(sequence=number, is_changeable=each)
            for number, each in enumerate(changeable)
        ]

    def taken(*changeable):
        return [invoice.sequence for invoice in takes_changes(cycle(*changeable)[::-1])]

    assert taken(True) == [0]
    assert taken(False, True) == [1]
    assert taken(True, True) == [0, 1]
    assert taken(True, False, True) == [2]
    assert taken(True, False) == []


def test_an_invoice_that_does_not_exist_is_not_locked(db):
    with pytest.raises(NotFound):
        lock_invoice(10**9)
