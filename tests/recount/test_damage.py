"""Every kind of damage is found, told to the cent, with the first fact that explains it."""

import re
from decimal import Decimal

import pytest

from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.recount.look import recount
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.recount.conftest import damage, told
from tests.recount.damages import DAMAGES


def test_a_ledger_that_went_its_way_is_what_its_facts_come_to(acme: Organization) -> None:
    found = recount(acme.id)
    assert list(map(str, found.differences)) == []
    assert (found.records, found.items) == (4, 8)


def test_there_is_nothing_to_work_out_of_nobody(db: object) -> None:
    found = recount(10**9)
    assert (found.records, found.items, found.differences) == (0, 0, [])


@pytest.mark.parametrize(("sql", "says"), DAMAGES)
def test_damage_is_told_with_what_explains_it(acme: Organization, sql: str, says: str) -> None:
    damage(sql)
    found = told(acme)
    assert any(re.search(says, one) for one in found), found


def test_what_waits_is_not_on_the_bill_yet_and_must_be_what_its_records_say(
    acme: Organization,
) -> None:
    with transaction():
        entry = ReportedRecord("acme", "requests", "waits", Decimal(5), utc_now())
        record_batch([entry], now=utc_now())
    assert told(acme) == []
    damage("update usage_waiting set quantity = 6")
    [one] = told(acme)
    assert "Calls not counted yet: the facts come to 5 units, the ledger has 6 units" in one
    damage("delete from usage_waiting")
    [one] = told(acme)
    assert "The record waits" in one
    assert "counted not at all" in one


def test_one_fault_is_told_once(acme: Organization) -> None:
    damage("update usage_totals set quantity = quantity + 7 where quantity = 7")
    assert len(told(acme)) == 1
