"""Keys go once usage of their age is refused, and then it is refused for good."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dashboard.billing.policy import BillingPolicy, current_policy, set_policy
from dashboard.extensions import db
from dashboard.installation import this_installation
from dashboard.transaction import transaction
from dashboard.usage import record
from dashboard.usage.forget import forget_keys
from dashboard.usage.models import UsageKey, UsageRecord
from dashboard.usage.reported import BatchRefused, ReportedRecord
from dashboard.usage.shelf import Shelf
from tests.factories import NOW, MeteredPriceFactory, make_organization, make_service
from tests.support.usage import record_batch

pytestmark = pytest.mark.usefixtures("db")
DAY = timedelta(days=1)


@pytest.fixture
def reported() -> list[ReportedRecord]:
    """Usage of each of the last forty days, in hundreds of keys a day."""
    entries = [
        ReportedRecord("acme", "requests", f"{day}-{number}", Decimal(1), NOW - day * DAY)
        for day in range(40)
        for number in range(100)
    ]
    with transaction():
        organization = make_organization(anchor=NOW - 60 * DAY, now=NOW - 60 * DAY)
        price = MeteredPriceFactory(meter="requests")
        make_service(organization, price, now=NOW - 60 * DAY, at=NOW - 60 * DAY)
        for day in range(40):
            at = NOW - day * DAY
            record_batch([one for one in entries if one.recorded_at == at], now=at)
    return entries


def forget(*, before, most: int = 1) -> int:
    """Go through all pages; return how many transactions that took."""
    place: int | None = 0
    slices = 0
    while place is not None:
        with transaction():
            place = forget_keys(place, before=before, most=most)
        slices += 1
    return slices


def days_of_keys() -> set[int]:
    """Return of how many days ago keys are there."""
    return {(NOW - at).days for at in db.session.scalars(select(UsageKey.recorded_at))}


def test_keys_go_page_by_page_and_the_records_stay(reported) -> None:
    assert forget(before=NOW - 36 * DAY) > 1
    assert days_of_keys() == set(range(37))
    assert db.session.scalar(select(func.count()).select_from(UsageRecord)) == len(reported)


def test_what_is_sent_again_is_still_known_as_long_as_its_age_is_accepted(reported) -> None:
    forget(before=NOW - 36 * DAY)
    accepted = [one for one in reported if one.recorded_at >= NOW - 35 * DAY]
    with transaction():
        result = record_batch(accepted, now=NOW)
    assert (result.recorded, len(result.duplicates)) == (0, len(accepted))


def test_usage_whose_keys_are_gone_is_refused_whatever_the_settings_become(
    reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(before=NOW - 36 * DAY)
    before = current_policy()
    # A process that was started anew with other settings.
    set_policy(BillingPolicy(usage_max_age_days=60))
    monkeypatch.setattr(record, "_shelf", Shelf())
    try:
        gone = [one for one in reported if one.recorded_at < NOW - 36 * DAY]
        with pytest.raises(BatchRefused) as refused, transaction():
            record_batch(gone[:2], now=NOW)
    finally:
        set_policy(before)
    assert {one["code"] for one in refused.value.facts["errors"]} == {"too_old"}
    assert "are not kept" in refused.value.facts["errors"][0]["detail"]


def test_the_mark_never_moves_back() -> None:
    for before in (NOW - 40 * DAY, NOW - 36 * DAY, NOW - 50 * DAY):
        forget(before=before)
    assert this_installation().keys_forgotten_until == NOW - 36 * DAY
