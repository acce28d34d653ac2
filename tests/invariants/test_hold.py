"""No bill is issued of an organization whose money does not add up, until it does."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from dashboard.audit.models import AuditEntry
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.policy import BillingPolicy, set_policy
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants import rounds
from dashboard.invariants.hold import DOES_NOT_ADD_UP
from dashboard.invariants.keep import CONFIRMED_AFTER
from dashboard.money import Money
from dashboard.transaction import transaction
from tests.factories import SUPPORT, make_organization
from tests.support.syncing import Syncer


@pytest.fixture
def draft(db: object, syncer: Syncer) -> Invoice:
    """A current invoice with a charge."""
    now = utc_now() - timedelta(days=3)
    with transaction():
        acme = make_organization("acme", anchor=now, now=now)
        add_adjustment(
            current_invoice(acme), Money(2500, "usd"), reason="Agreed", description="Setup",
            actor=SUPPORT, now=now, key="setup",
        )  # fmt: skip
    return current_invoice(acme)


@pytest.fixture
def sealed(draft: Invoice) -> Invoice:
    """An invoice about to be issued."""
    with transaction():
        roll_early(draft.organization, reason="Asked for", actor=SUPPORT, now=utc_now())
    return draft


def break_the_draft(cents: int) -> None:
    with transaction():
        database.session.execute(
            text("update invoices set total_cents = :cents where status = 'draft'"),
            {"cents": cents},
        )


def look_twice(at=None) -> None:
    """Look at everybody, and again where something was found."""
    begun = at or utc_now() - 2 * CONFIRMED_AFTER
    with transaction():
        rounds.look_further(now=begun)
    with transaction():
        rounds.look_again(now=begun + CONFIRMED_AFTER)


def held() -> list[dict]:
    query = select(AuditEntry.facts).where(AuditEntry.action == "invoice.held")
    return list(database.session.scalars(query))


def test_what_is_about_to_be_issued_is_held_with_the_reason_and_on_record(
    sealed: Invoice, syncer: Syncer
) -> None:
    break_the_draft(700)
    look_twice()
    database.session.refresh(sealed)
    assert (sealed.status, sealed.parked_code) == ("sealed", DOES_NOT_ADD_UP)
    assert "“The items of every invoice add up to its total”" in (sealed.parked_reason or "")
    assert "acme, invoice 2: total $7.00, items $0.00." in (sealed.parked_reason or "")
    assert [one["code"] for one in held()] == [DOES_NOT_ADD_UP]


def test_once_seen_holds_nothing(sealed: Invoice, syncer: Syncer) -> None:
    break_the_draft(700)
    with transaction():
        rounds.look_further(now=utc_now())
    syncer.sync(sealed, "final", verify=True)
    assert sealed.status == "open"


def test_the_gate_holds_what_was_not_sealed_when_it_was_found(
    draft: Invoice, syncer: Syncer
) -> None:
    break_the_draft(700)
    look_twice()
    assert draft.parked_code is None
    with transaction():
        roll_early(draft.organization, reason="Asked for", actor=SUPPORT, now=utc_now())
    assert (draft.status, draft.parked_code) == ("sealed", None)
    syncer.sync(draft, "final", verify=True)
    assert (draft.status, draft.parked_code) == ("sealed", DOES_NOT_ADD_UP)


def test_a_person_who_releases_it_has_it_issued_as_it_is(sealed: Invoice, syncer: Syncer) -> None:
    break_the_draft(700)
    look_twice()
    syncer.sync(sealed, "support", actor=SUPPORT)
    assert sealed.parked_code is None
    syncer.sync(sealed, "final", verify=True)
    assert sealed.status == "open"


def test_it_goes_on_by_itself_once_all_holds_again(sealed: Invoice, syncer: Syncer) -> None:
    break_the_draft(700)
    look_twice()
    break_the_draft(0)
    with transaction():
        rounds.look_again(now=utc_now() + CONFIRMED_AFTER)
    database.session.refresh(sealed)
    assert sealed.parked_code is None
    syncer.sync(sealed, "final", verify=True)
    assert sealed.status == "open"


def test_what_only_tells_of_lateness_holds_no_bill(sealed: Invoice, syncer: Syncer) -> None:
    with transaction():
        database.session.execute(
            text(
                "update invoices set next_sync_at = now() - interval '2 hours', revision = 99"
                " where status = 'draft'"
            )
        )
    look_twice()
    syncer.sync(sealed, "final", verify=True)
    assert sealed.status == "open"


def test_the_setting_lets_all_be_issued(sealed: Invoice, syncer: Syncer) -> None:
    break_the_draft(700)
    set_policy(BillingPolicy(hold_when_broken=False))
    try:
        look_twice()
        syncer.sync(sealed, "final", verify=True)
    finally:
        set_policy(BillingPolicy())
    assert sealed.status == "open"
