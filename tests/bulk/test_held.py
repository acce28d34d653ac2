"""Bulk repairs of bills on hold: each looked at again, in slices, and only what was confirmed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.successor import open_next
from dashboard.bulk.begin import Wish, begin, count_members
from dashboard.bulk.held import ABOVE, HELD_AGAIN
from dashboard.bulk.listing import failed_of
from dashboard.bulk.models import BulkAction
from dashboard.bulk.verbs import VERBS, verbs_for
from dashboard.clock import utc_now
from dashboard.closing.hold import hold_bill
from dashboard.closing.people import APPROVAL_WANTED, HELD_BY_PERSON, approvals_of, open_hold
from dashboard.errors import Conflict
from dashboard.extensions import current_config, db
from dashboard.needs.hold_recipes import HOLDS
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.bulk import counts, step
from tests.support.on_hold import on_hold

ADA = Actor("user", 7, "Ada")


def act_on(verb: str, code: str) -> BulkAction:
    with transaction():
        members = VERBS[verb].held_for(code, now=utc_now())
        wish = Wish("Looked at", count_members(members), {"words": "all", "query": ""})
        return begin(VERBS[verb], members, wish, actor=SUPPORT, now=utc_now())


def runs() -> list[SyncRun]:
    return list(db.session.scalars(select(SyncRun).order_by(SyncRun.id)))


@pytest.mark.usefixtures("redis", "db")
def test_all_that_wait_for_approval_are_approved_and_issued() -> None:
    bills = [on_hold(f"org-{number}", APPROVAL_WANTED) for number in range(3)]
    other = on_hold("other", "total_differs")
    act = act_on("approve", APPROVAL_WANTED)
    # One is put on hold again at another total, one is seen to by somebody else meanwhile.
    with transaction():
        bills[0].parked_at = utc_now() + timedelta(minutes=1)
        bills[1].parked_at = bills[1].parked_code = bills[1].parked_reason = None
    step(act)
    assert [one.error for one in failed_of(act)] == [HELD_AGAIN]
    assert counts(act) == (0, 1, 1, 1)
    assert [len(approvals_of(one.id)) for one in (*bills, other)] == [0, 0, 1, 0]
    assert [(run.invoice_id, run.trigger) for run in runs()] == [(bills[2].id, "final")]


@pytest.mark.usefixtures("redis", "db")
def test_all_that_people_hold_are_released() -> None:
    bills = [on_hold(f"org-{number}", HELD_BY_PERSON) for number in range(2)]
    with transaction():
        for one in bills:
            hold_bill(one, reason="Odd", actor=ADA, now=utc_now())
    act = act_on("let_go", HELD_BY_PERSON)
    step(act)
    assert [open_hold(one.id) for one in bills] == [None, None]
    assert len(runs()) == 2


@pytest.mark.usefixtures("redis", "db")
def test_differences_are_carried_over_but_those_above_one_persons_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(current_config(), "approve_above", "10")
    small, large = (on_hold(slug, "billed_differently", "open") for slug in ("small", "large"))
    for bill, cents in ((small, 4500), (large, 9000)):
        make_next(bill)
        with transaction():
            bill.stripe_total_cents = cents
    act = act_on("carry", "billed_differently")
    step(act)
    assert [one.error for one in failed_of(act)] == [ABOVE]
    assert [one.amount_cents for one in db.session.scalars(select(Adjustment))] == [-500]
    db.session.refresh(small)
    assert (small.parked_code, large.parked_code) == (None, "billed_differently")
    step(act)
    assert counts(act) == (0, 0, 1, 1)


def make_next(bill: Invoice) -> None:
    """Open the invoice that follows."""
    with transaction():
        open_next(bill, now=utc_now())


def test_every_reason_has_a_repair_of_many() -> None:
    assert all(verbs_for(code) for code in HOLDS)
    assert [one.name for one in verbs_for("total_differs")] == ["reread"]
    assert [one.name for one in verbs_for("of another release")] == ["release"]


@pytest.mark.usefixtures("redis", "db")
@pytest.mark.parametrize("error", [Conflict("Half of it cannot be."), RuntimeError("A bug.")])
def test_one_that_is_refused_midway_is_left_as_it_was_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    bills = [on_hold(f"org-{number}", HELD_BY_PERSON) for number in range(2)]
    verb = VERBS["let_go"]

    def repair(act: BulkAction, invoice: Invoice, now: datetime) -> SyncRun | None:
        invoice.parked_reason = "Half done"
        db.session.flush()
        if invoice.id == bills[0].id:
            raise error
        return verb.repair(act, invoice, now)

    monkeypatch.setitem(VERBS, "let_go", replace(verb, repair=repair))
    act = act_on("let_go", HELD_BY_PERSON)
    step(act)
    assert len(failed_of(act)) == 1
    assert bills[0].parked_reason != "Half done"
    assert bills[1].parked_reason == "Half done"
