"""Four eyes: one proposes, another approves what they were shown, and it takes effect once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from dashboard.approvals.decide import (
    BasisMoved,
    approve,
    basis_of,
    name_of,
    refuse,
    withdraw,
)
from dashboard.approvals.kinds import NothingLeft
from dashboard.approvals.models import Proposal
from dashboard.approvals.propose import end_late
from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.billing.reverse import reverse_adjustment
from dashboard.errors import BillingError, Conflict, Forbidden, Invalid, Stale
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
)


def test_nothing_takes_effect_until_a_second_person_approves(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    assert (adjustments(db), current_invoice(acme).total_cents) == ([], 0)
    approved(acme, proposal, ada)
    assert (adjustments(db), current_invoice(acme).total_cents) == ([-50_000], -50_000)
    [made] = db.session.scalars(select(Adjustment))
    assert (made.actor_label, made.reason) == ("sam@example.com", "Outage")
    assert (proposal.state, proposal.decided_by) == ("approved", "ada@example.com")
    assert acts(db) == [
        ("proposal.made", "sam@example.com"), ("proposal.approved", "ada@example.com"),
    ]  # fmt: skip


def test_who_proposed_it_neither_approves_nor_refuses_it(
    acme: Organization, sam: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    with pytest.raises(Forbidden, match="a second person decides"):
        approved(acme, proposal, sam)
    with pytest.raises(Forbidden, match="a second person decides"), transaction():
        refuse(proposal, answer="No", actor=sam, now=NOW)
    assert adjustments(db) == []


def test_the_database_itself_wants_another_person(
    acme: Organization, sam: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    change = text(
        "update proposals set state = 'approved', decided_at = now(), "
        "decided_by_id = proposed_by_id where id = :id"
    )
    with pytest.raises(IntegrityError, match="four_eyes"), transaction():
        db.session.execute(change, {"id": proposal.id})


def test_a_second_click_changes_nothing_and_another_persons_is_told(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    approved(acme, proposal, ada)
    approved(acme, proposal, ada)
    with pytest.raises(Stale, match=r"already approved by ada@example\.com"):
        approved(acme, proposal, person("bob@example.com"))
    assert adjustments(db) == [-50_000]
    assert len(acts(db)) == 2


def test_ten_clicks_at_once_carry_it_out_once(
    app: Flask, acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal_id = proposed(acme, sam).id
    people = [ada, *(person(f"p{number}@example.com") for number in range(4))] * 2
    seen = name_of(basis_of(db.session.get_one(Proposal, proposal_id), acme))
    slug_id = acme.id

    def click(by: Actor) -> str:
        with app.app_context(), transaction():
            try:
                proposal = db.session.get_one(Proposal, proposal_id)
                organization = db.session.get_one(Organization, slug_id)
                approve(proposal, organization, seen=seen, actor=by, now=NOW)
            except BillingError as error:
                return error.code
        return "done"

    db.session.rollback()
    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(click, people))
    assert adjustments(db) == [-50_000]
    # The same person's second click is answered as the first.
    assert 1 <= answers.count("done") <= 2
    assert set(answers) <= {"done", "stale"}
    assert [name for name, _ in acts(db)] == ["proposal.made", "proposal.approved"]


def test_what_a_worker_did_not_survive_is_carried_out_by_the_next_click(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    seen = name_of(basis_of(proposal, acme))
    approve(proposal, acme, seen=seen, actor=ada, now=NOW)
    db.session.rollback()
    assert (proposal.state, adjustments(db)) == ("waits", [])
    approved(acme, proposal, ada)
    assert adjustments(db) == [-50_000]


def test_what_has_changed_is_shown_again_before_it_is_approved(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    seen = name_of(basis_of(proposal, acme))
    with transaction():
        add_adjustment(
            current_invoice(acme), Money(-50_000, "usd"), reason="Outage", description="Goodwill",
            actor=ada, now=NOW, key="another",
        )  # fmt: skip
    with pytest.raises(BasisMoved):
        approved(acme, proposal, ada, seen=seen)
    assert adjustments(db) == [-50_000]
    approved(acme, proposal, ada)
    assert adjustments(db) == [-50_000, -50_000]


def test_usage_that_moves_the_bill_asks_nobody_again(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    seen = name_of(basis_of(proposal, acme))
    with transaction():
        invoice = current_invoice(acme)
        invoice.revision += 7
    approved(acme, proposal, ada, seen=seen)
    assert adjustments(db) == [-50_000]


def test_a_refusal_needs_a_reason_and_ends_it(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    with pytest.raises(Invalid), transaction():
        refuse(proposal, answer=" ", actor=ada, now=NOW)
    for _ in range(2):
        with transaction():
            refuse(proposal, answer="Too much", actor=ada, now=NOW)
    with pytest.raises(Stale, match=r"refused by ada@example\.com"):
        approved(acme, proposal, person("bob@example.com"))
    assert (proposal.answer, adjustments(db)) == ("Too much", [])
    assert [name for name, _ in acts(db)] == ["proposal.made", "proposal.refused"]


def test_only_who_proposed_it_withdraws_it(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    with pytest.raises(Forbidden, match="only they can withdraw it"), transaction():
        withdraw(proposal, actor=ada, now=NOW)
    for _ in range(2):
        with transaction():
            withdraw(proposal, actor=sam, now=NOW)
    with pytest.raises(Stale, match="withdrawn"):
        approved(acme, proposal, ada)


def test_nobody_approves_it_once_its_time_is_over(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal, later = proposed(acme, sam), NOW + DAY
    assert proposal.state_at(later) == "expired"
    seen = name_of(basis_of(proposal, acme))
    with pytest.raises(Stale, match="has expired"), transaction():
        approve(proposal, acme, seen=seen, actor=ada, now=later)
    with transaction():
        assert end_late(now=later) == 1
    with transaction():
        assert end_late(now=later) == 0
    assert (proposal.state, adjustments(db)) == ("expired", [])
    assert acts(db)[-1] == ("proposal.expired", "System")


def test_the_same_form_twice_is_one_proposal_also_once_it_is_approved(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    proposal = proposed(acme, sam)
    assert proposed(acme, sam).id == proposal.id
    approved(acme, proposal, ada)
    assert proposed(acme, sam).id == proposal.id
    assert adjustments(db) == [-50_000]


def test_of_one_thing_one_proposal_waits(acme: Organization, sam: Actor, ada: Actor) -> None:
    _, back = charged(acme, sam)
    proposal = proposed(acme, sam, back)
    assert proposed(acme, sam, back).id == proposal.id
    with pytest.raises(Conflict, match=r"sam@example\.com has already proposed"):
        proposed(acme, ada, back)
    approved(acme, proposal, ada)
    assert current_invoice(acme).total_cents == 0


def test_what_was_done_otherwise_meanwhile_leaves_nothing_to_approve(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    charge, back = charged(acme, sam)
    proposal = proposed(acme, sam, back)
    with transaction():
        reverse_adjustment(charge, reason="By hand", actor=ada, now=NOW)
    with pytest.raises(NothingLeft):
        approved(acme, proposal, ada)
    assert adjustments(db) == [90_000, -90_000]


ACT = st.sampled_from(["approve", "approve_twice", "refuse", "withdraw", "late", "own"])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(-(10**8), 10**8).filter(bool), ACT), max_size=5))
def test_the_bill_moves_by_what_was_approved_and_by_nothing_else(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy, moves: list[tuple[int, str]]
) -> None:
    before = current_invoice(acme).total_cents
    last = db.session.scalar(select(func.coalesce(func.max(Proposal.id), 0)))
    for number, (cents, act) in enumerate(moves):
        proposal = proposed(acme, sam, wanted(cents, f"form:{last}:{number}"))
        try:
            if act.startswith("approve"):
                for _ in range(2 if act.endswith("twice") else 1):
                    approved(acme, proposal, ada)
            elif act == "own":
                approved(acme, proposal, sam)
            else:
                _end(proposal, act, sam, ada)
        except Forbidden:
            assert act == "own"
    expected = sum(cents for cents, act in moves if act.startswith("approve"))
    assert current_invoice(acme).total_cents == before + expected


def _end(proposal: Proposal, act: str, sam: Actor, ada: Actor) -> None:
    with transaction():
        if act == "refuse":
            refuse(proposal, answer="No", actor=ada, now=NOW)
        elif act == "withdraw":
            withdraw(proposal, actor=sam, now=NOW)
        else:
            end_late(now=NOW + DAY)
