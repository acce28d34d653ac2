"""Who tries to move money alone, and what happens beside an approval: nothing moves by halves."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select, update

from dashboard.accounts.models import User
from dashboard.approvals import decide
from dashboard.approvals.decide import BasisMoved, approve, basis_of, name_of, refuse, withdraw
from dashboard.approvals.kinds import NothingLeft
from dashboard.approvals.models import Proposal
from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.billing.roll import roll_over
from dashboard.errors import BillingError, Busy, Conflict, Forbidden
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import NOW
from tests.support.proposals import (
    DAY,
    acts,
    adjustments,
    approved,
    charged,
    person,
    proposed,
    wanted,
)  # fmt: skip
from tests.support.waiting import waits_for_a_lock


def change(db: SQLAlchemy, who: Actor, **facts: object) -> None:
    """Change what a person is."""
    with transaction():
        user = db.session.get_one(User, who.id)
        for name, value in facts.items():
            setattr(user, name, value)


def token(who: Actor) -> Actor:
    """Return an API token whose number is that person's."""
    return replace(who, kind="token", label="token")


@pytest.mark.parametrize("lost", [{"is_active": False}, {"role": "customer"}])
def test_what_a_person_proposed_who_lost_access_is_not_approved(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy, lost: dict[str, object]
) -> None:
    proposal = proposed(acme, sam)
    change(db, sam, **lost)
    with pytest.raises(Conflict, match=r"sam@example\.com can no longer move money"):
        approved(acme, proposal, ada)
    assert (proposal.state, adjustments(db)) == ("waits", [])
    with transaction():
        refuse(proposal, answer="Their access ended", actor=ada, now=NOW)
    assert proposal.state == "refused"


def test_a_person_who_lost_access_meanwhile_decides_on_nothing(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    change(db, ada, role="customer")
    with pytest.raises(Forbidden, match="no longer allows this"):
        approved(acme, proposal, ada)
    with pytest.raises(Forbidden), transaction():
        refuse(proposal, answer="No", actor=ada, now=NOW)
    change(db, sam, is_active=False)
    with pytest.raises(Forbidden):
        proposed(acme, sam, wanted(subject="form:2"))
    assert (proposal.state, adjustments(db)) == ("waits", [])


def test_access_that_ended_while_the_request_was_read_counts(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    seen = name_of(basis_of(proposal, acme))
    assert db.session.get_one(User, sam.id).is_active
    with db.engine.begin() as other:
        other.execute(update(User).where(User.id == sam.id).values(is_active=False))
    with pytest.raises(Conflict, match="can no longer move money"):
        approve(proposal, acme, seen=seen, actor=ada, now=NOW)
    db.session.rollback()
    assert adjustments(db) == []


def test_a_program_is_nobodys_second_person(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    with pytest.raises(Forbidden, match="Only a person"):
        approved(acme, proposal, token(ada))
    with pytest.raises(Forbidden, match="Only a person"), transaction():
        refuse(proposal, answer="No", actor=token(ada), now=NOW)
    with pytest.raises(Forbidden), transaction():
        withdraw(proposal, actor=token(sam), now=NOW)
    with pytest.raises(Forbidden, match="Only a person"):
        proposed(acme, token(sam), wanted(subject="form:2"))
    approved(acme, proposal, ada)
    # Nor is one answered as the person of its number who approved before.
    with pytest.raises(Forbidden):
        approved(acme, proposal, token(ada))
    assert adjustments(db) == [-50_000]


def test_a_form_that_proposed_one_amount_proposes_no_other(
    acme: Organization, sam: Actor, ada: Actor
) -> None:
    first = proposed(acme, sam)
    for other, by in ((wanted(-60_000), sam), (wanted(said="Another"), sam), (wanted(), ada)):
        with pytest.raises(Conflict, match=r"sam@example\.com has already proposed"):
            proposed(acme, by, other)
    assert proposed(acme, sam).id == first.id


def test_in_a_cycle_that_is_over_it_waits_and_then_the_next_invoice_is_shown(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal, first = proposed(acme, sam), current_invoice(acme)
    over = first.period_end
    proposal.ends_at = over + DAY
    db.session.commit()
    seen = name_of(basis_of(proposal, acme))
    with pytest.raises(Busy, match="cycle has just ended"), transaction():
        approve(proposal, acme, seen=seen, actor=ada, now=over)
    with transaction():
        roll_over(acme, now=over)
    with pytest.raises(BasisMoved, match="goes on invoice 2, not on invoice 1"), transaction():
        approve(proposal, acme, seen=seen, actor=ada, now=over)
    assert adjustments(db) == []
    with transaction():
        shown = name_of(basis_of(proposal, acme))
        approve(proposal, acme, seen=shown, actor=ada, now=over)
    [made] = db.session.scalars(select(Adjustment))
    assert made.invoice_id == current_invoice(acme).id != first.id


def test_a_reversal_is_not_approved_once_its_invoice_is_sealed(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    _, back = charged(acme, sam)
    proposal = proposed(acme, sam, back)
    with transaction():
        seal_now(current_invoice(acme), now=NOW)
    with pytest.raises(NothingLeft, match="Its invoice is sealed"):
        approved(acme, proposal, ada)
    assert adjustments(db) == [90_000]


def test_an_approval_that_breaks_in_the_middle_leaves_nothing(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = proposed(acme, sam)

    def breaks(*_: object) -> None:
        assert adjustments(db) == [-50_000]
        raise OSError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(decide, "_end", breaks)
        with pytest.raises(OSError, match="broken"):
            approved(acme, proposal, ada)
    assert (adjustments(db), current_invoice(acme).total_cents) == ([], 0)
    assert (proposal.state, [name for name, _ in acts(db)]) == ("waits", ["proposal.made"])
    approved(acme, proposal, ada)
    assert adjustments(db) == [-50_000]


@pytest.mark.parametrize("round_", range(4))
def test_of_an_approval_a_refusal_and_a_withdrawal_at_once_one_wins(
    app: Flask, acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy, round_: int
) -> None:
    bob = person("bob@example.com")
    proposal = proposed(acme, sam)
    proposal_id, acme_id = proposal.id, acme.id
    seen = name_of(basis_of(proposal, acme))
    db.session.rollback()
    ways: list[Callable[[Proposal], object]] = [
        lambda one: approve(
            one, db.session.get_one(Organization, acme_id), seen=seen, actor=ada, now=NOW
        ),
        lambda one: refuse(one, answer="No", actor=bob, now=NOW),
        lambda one: withdraw(one, actor=sam, now=NOW),
    ]

    def go(way: Callable[[Proposal], object]) -> str:
        with app.app_context(), transaction():
            try:
                way(db.session.get_one(Proposal, proposal_id))
            except BillingError as error:
                return error.code
        return "done"

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(go, ways[round_ % 3 :] + ways[: round_ % 3]))
    assert answers == ["done", "stale", "stale"]
    state = db.session.get_one(Proposal, proposal_id, populate_existing=True).state
    assert adjustments(db) == ([-50_000] if state == "approved" else [])
    assert [name for name, _ in acts(db)] == ["proposal.made", f"proposal.{state}"]


def test_a_credit_that_is_just_being_given_is_seen_before_a_second_one(
    app: Flask, acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    proposal_id, acme_id = proposal.id, acme.id
    seen = name_of(basis_of(proposal, acme))
    db.session.rollback()

    def click() -> str:
        with app.app_context(), transaction():
            one = db.session.get_one(Proposal, proposal_id)
            organization = db.session.get_one(Organization, acme_id)
            try:
                approve(one, organization, seen=seen, actor=ada, now=NOW)
            except BillingError as error:
                return error.code
        return "done"

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            add_adjustment(
                current_invoice(acme), Money(-50_000, "usd"), reason="Outage",
                description="Goodwill", actor=ada, now=NOW, key="another",
            )  # fmt: skip
            answer = pool.submit(click)
            for _ in range(200):
                if waits_for_a_lock(db) or answer.done():
                    break
                time.sleep(0.02)
        assert answer.result(timeout=10) == "basis_moved"
    assert adjustments(db) == [-50_000]
