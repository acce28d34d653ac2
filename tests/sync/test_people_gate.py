"""A proven bill waits for people: above the limit until it is approved, held until released."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import put_on_hold
from dashboard.clock import utc_now
from dashboard.closing.bill_models import BillApproval
from dashboard.closing.hold import hold_bill
from dashboard.closing.limits import set_limit
from dashboard.closing.people import APPROVAL_WANTED, HELD_BY_PERSON, approvals_of, open_hold
from dashboard.errors import Conflict, Forbidden, Stale
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.sync.let_issue import approve_bill, release_bill
from dashboard.sync.models import SyncRun
from dashboard.sync.request import held_but_scheduled
from dashboard.transaction import transaction
from jobs.cycles import hold as hold_it_stuck
from tests.support.billing import put
from tests.support.sync_acts import close, is_scheduled, seal
from tests.support.syncing import Syncer

ADA, BOB = Actor("user", 1, "Ada"), Actor("user", 2, "Bob")
PROGRAM = Actor("token", 1, "Importer")


@pytest.fixture
def sealed(bill: Invoice, syncer: Syncer) -> Invoice:
    """A sealed bill of 65.00 whose draft is at Stripe."""
    put(bill, a=6500)
    syncer.sync(bill)
    seal(bill)
    syncer.operations()
    return bill


def limit(cents: int, bill: Invoice | None = None) -> None:
    with transaction():
        set_limit(
            Money(cents, "usd"),
            organization=bill.organization if bill else None,
            reason="Large",
            actor=ADA,
            now=utc_now(),
        )


def approve(bill: Invoice, cents: int = 6500, actor: Actor = BOB, **how: bool) -> SyncRun | None:
    with transaction():
        return approve_bill(
            bill, total_cents=cents, reason="Seen", actor=actor, now=utc_now(), **how
        )


def hold(bill: Invoice, reason: str = "the meter is doubtful") -> None:
    with transaction():
        hold_bill(bill, reason=reason, actor=ADA, now=utc_now())


def release(bill: Invoice) -> SyncRun | None:
    with transaction():
        return release_bill(bill, reason="Looked at", actor=BOB, now=utc_now())


def test_exactly_the_limit_goes_and_a_cent_above_waits(sealed: Invoice, syncer: Syncer) -> None:
    limit(6499)
    run = close(sealed, syncer)
    assert (run.state, sealed.status, sealed.parked_code) == (
        "succeeded",
        "sealed",
        APPROVAL_WANTED,
    )
    assert sealed.parked_reason == (
        "It comes to $65.00 before tax, and a person approves bills above $64.99. Nothing was "
        "billed."
    )
    assert not is_scheduled(syncer, sealed)
    limit(6500)
    close(sealed, syncer)
    assert (sealed.status, sealed.parked_code) == ("open", None)


def test_an_approved_bill_is_issued_once(sealed: Invoice, syncer: Syncer) -> None:
    limit(100)
    close(sealed, syncer)
    run = approve(sealed)
    assert run is not None
    assert approve(sealed) is None
    syncer.carry_out(run)
    assert (sealed.status, sealed.stripe_total_cents) == ("open", 6500)
    assert [one.approved_by for one in approvals_of(sealed.id)] == ["Bob"]
    with pytest.raises(Conflict, match="does not wait"):
        approve(sealed, 1)


def test_an_approval_is_of_the_total_it_was_given_for(sealed: Invoice, syncer: Syncer) -> None:
    limit(100)
    close(sealed, syncer)
    with pytest.raises(Stale, match=r"\$65.00 now"):
        approve(sealed, 6400)
    assert (sealed.parked_code, approvals_of(sealed.id)) == (APPROVAL_WANTED, [])


def test_a_bill_whose_total_is_another_than_was_approved_asks_again(
    sealed: Invoice, syncer: Syncer
) -> None:
    # As credits of a taxed bill are, that are carried after somebody approved it.
    now = utc_now()
    with transaction():
        db.session.add(
            BillApproval(
                invoice_id=sealed.id, total_cents=7000, reason="Seen", approved_at=now,
                approved_by="Bob",
            )
        )  # fmt: skip
    limit(100)
    close(sealed, syncer)
    assert sealed.parked_code == APPROVAL_WANTED
    assert "It was approved at $70.00, which is not what" in str(sealed.parked_reason)
    run = approve(sealed)
    assert run is not None
    syncer.carry_out(run)
    assert (sealed.status, sealed.stripe_total_cents) == ("open", 6500)


def test_a_person_who_syncs_it_approves_nothing(sealed: Invoice, syncer: Syncer) -> None:
    limit(100)
    close(sealed, syncer)
    syncer.sync(sealed, actor=BOB)
    close(sealed, syncer)
    assert (sealed.status, sealed.parked_code) == ("sealed", APPROVAL_WANTED)


def test_the_organizations_own_limit_comes_before_that_of_all(
    sealed: Invoice, syncer: Syncer
) -> None:
    limit(100)
    limit(1_000_000, sealed)
    close(sealed, syncer)
    assert sealed.status == "open"


def test_a_program_approves_nothing(sealed: Invoice, syncer: Syncer) -> None:
    limit(100)
    close(sealed, syncer)
    with pytest.raises(Forbidden, match="Only a person"):
        approve(sealed, actor=PROGRAM)


def test_with_four_eyes_no_one_approves_what_they_charged(bill: Invoice, syncer: Syncer) -> None:
    with transaction():
        add_adjustment(
            bill, Money(6500, "usd"), description="Setup", reason="Asked", key="k", actor=BOB,
            now=utc_now(),
        )  # fmt: skip
    syncer.sync(bill)
    seal(bill)
    limit(100)
    close(bill, syncer)
    with pytest.raises(Forbidden, match="You charged or credited"):
        approve(bill, four_eyes=True)
    assert approve(bill, actor=ADA, four_eyes=True) is not None


def test_a_draft_that_a_person_holds_is_synced_and_not_issued(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    hold(bill)
    hold(bill, "another reason")
    syncer.sync(bill)
    assert (bill.stripe_total_cents, bill.parked_code) == (4000, None)
    seal(bill)
    close(bill, syncer)
    assert (bill.status, bill.parked_code) == ("sealed", HELD_BY_PERSON)
    assert bill.parked_reason == (
        "Ada holds it until it is released, because: the meter is doubtful. Nothing was billed."
    )
    assert not is_scheduled(syncer, bill)
    syncer.sync(bill, actor=BOB)
    close(bill, syncer)
    assert bill.parked_code == HELD_BY_PERSON
    run = release(bill)
    assert run is not None
    assert release(bill) is None
    syncer.carry_out(run)
    assert (bill.status, bill.parked_code, open_hold(bill.id)) == ("open", None, None)


def test_one_that_is_released_before_its_end_closes_as_ever(bill: Invoice, syncer: Syncer) -> None:
    put(bill, a=4000)
    hold(bill)
    assert release(bill) is None
    seal(bill)
    close(bill, syncer)
    assert bill.status == "open"
    with pytest.raises(Conflict, match="already issued"):
        hold(bill)


def test_a_finalization_of_unknown_end_is_not_sent_again_once_it_is_held(
    sealed: Invoice, syncer: Syncer
) -> None:
    syncer.simulator.fault("drop_before", "/finalize$", times=9)
    run = close(sealed, syncer)
    assert run.state == "retrying"
    hold(sealed)
    syncer.simulator.delete("faults")
    syncer.carry_out(run)
    assert (sealed.status, sealed.parked_code) == ("sealed", HELD_BY_PERSON)


def test_a_schedule_that_could_not_be_switched_off_is_switched_off_later(
    sealed: Invoice, syncer: Syncer
) -> None:
    limit(100)
    syncer.simulator.fault("drop_before", "/invoices/[^/]+$", times=9)
    close(sealed, syncer)
    syncer.simulator.delete("faults")
    assert sealed.parked_code == APPROVAL_WANTED
    assert is_scheduled(syncer, sealed)
    assert held_but_scheduled(now=utc_now(), most=9) == []
    at = sealed.automatically_finalizes_at
    assert at is not None
    assert held_but_scheduled(now=at - timedelta(hours=20), most=9) == [sealed.id]
    syncer.sync(sealed, "scheduled")
    assert not is_scheduled(syncer, sealed)
    assert sealed.parked_code == APPROVAL_WANTED


def test_one_that_could_not_be_switched_off_is_tried_a_quarter_of_an_hour_later_and_told_no_more(
    sealed: Invoice, syncer: Syncer
) -> None:
    limit(100)
    syncer.simulator.fault("drop_before", "/invoices/[^/]+$", times=99)
    close(sealed, syncer)
    at = sealed.automatically_finalizes_at
    assert at is not None
    syncer.simulator.delete("faults")
    now = at - timedelta(hours=20)
    with transaction():
        [last] = [one for one in db.session.scalars(select(SyncRun)) if one.trigger == "final"]
        last.finished_at = now - timedelta(minutes=14)
    assert held_but_scheduled(now=now, most=9) == []
    with transaction():
        last.finished_at = now - timedelta(minutes=15)
    assert held_but_scheduled(now=now, most=9) == [sealed.id]
    syncer.operations()
    syncer.sync(sealed, "scheduled")
    assert [one.split()[0] for one in syncer.operations()] == ["POST"]


def test_one_that_is_held_and_stuck_before_its_sealing_is_not_issued_by_stripe(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=6500)
    syncer.sync(bill)
    hold(bill)
    with transaction():
        bill.automatically_finalizes_at = utc_now() + timedelta(hours=3)
    before = bill.automatically_finalizes_at
    hold_it_stuck(bill.id, RuntimeError("It cannot be rolled."))
    db.session.commit()
    [run] = db.session.scalars(select(SyncRun).where(SyncRun.trigger == "final")).all()
    syncer.carry_out(run)
    assert bill.status == "draft"
    assert bill.automatically_finalizes_at > before + timedelta(hours=24)


def test_what_is_on_hold_for_another_reason_waits_for_that(sealed: Invoice, syncer: Syncer) -> None:
    limit(100)
    with transaction():
        put_on_hold(sealed, "total_differs", "Because.", now=utc_now())
    with pytest.raises(Conflict):
        approve(sealed)
