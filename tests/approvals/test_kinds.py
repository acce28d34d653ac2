"""Each kind of move of money: what its consequence depends on, and that it is carried out whole."""

from __future__ import annotations

import pytest

from dashboard.approvals.consequence import consequence_of
from dashboard.approvals.decide import BasisMoved, basis_of, name_of
from dashboard.approvals.kinds import NothingLeft
from dashboard.approvals.propose import Wanted
from dashboard.audit.actor import Actor
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early
from dashboard.clock import utc_now
from dashboard.errors import Conflict
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.restores.notice import move_numbers
from dashboard.sync.added_lines import added_lines
from dashboard.sync.decide import decide_line
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.deciding import decided, people, proposed
from tests.support.sync_acts import add_foreign
from tests.support.syncing import Syncer
from tests.support.void_cases import LATER, case_of, organization, void
from tests.sync.conftest import bill, simulator, simulator_server, syncer

__all__ = ["bill", "organization", "people", "simulator", "simulator_server", "syncer", "void"]


@pytest.fixture
def line_id(bill: Invoice, syncer: Syncer) -> int:
    """A line of $50.00 that somebody added at Stripe, after a restore: its id is a large one."""
    with transaction():
        move_numbers()
    put(bill, a=100)
    syncer.sync(bill)
    add_foreign(syncer, bill)
    syncer.sync(bill, verify=True)
    return added_lines(bill.id)[0].id


def adoption(line_id: int) -> Wanted:
    """Return the adoption of that line."""
    terms = {"line_id": line_id, "description": "Setup"}
    return Wanted("adopt", "line:il", Money(5000, "usd"), terms, "They ordered it")


def test_an_adopted_line_is_billed_by_the_ledger_and_a_sync_follows(
    bill: Invoice, line_id: int, syncer: Syncer, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    of = bill.organization
    proposal = proposed(of, adoption(line_id), sam)
    assert bill.total_cents == 100
    assert consequence_of(proposal, of, now=utc_now()).ledger == (100, 5100)
    run = decided(of, proposal, ada)
    assert run is not None
    syncer.carry_out(run)
    assert bill.total_cents == bill.stripe_total_cents == 5100


def test_a_line_that_was_decided_on_leaves_nothing_to_approve(
    bill: Invoice, line_id: int, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(bill.organization, adoption(line_id), sam)
    with transaction():
        decide_line(added_lines(bill.id)[0], "take_ours", actor=ada, now=utc_now())
    with pytest.raises(NothingLeft):
        decided(bill.organization, proposal, ada)
    assert bill.total_cents == 100
    with pytest.raises(Conflict):
        proposed(bill.organization, adoption(line_id)._replace(subject="line:again"), sam)


def test_a_line_whose_amount_changed_is_never_approved_at_another_one(
    bill: Invoice, line_id: int, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(bill.organization, adoption(line_id), sam)
    seen = name_of(basis_of(proposal, bill.organization))
    with transaction():
        added_lines(bill.id)[0].amount_cents = 7000
    # Not on what was shown before, and not on what is shown now: nobody proposed $70.00.
    for shown in (seen, None):
        with pytest.raises(NothingLeft, match=r"now \$70\.00; \$50\.00 was proposed"):
            decided(bill.organization, proposal, ada, seen=shown)
    assert bill.total_cents == 100


def test_a_line_that_was_left_meanwhile_is_shown_again(
    bill: Invoice, line_id: int, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    proposal = proposed(bill.organization, adoption(line_id), sam)
    seen = name_of(basis_of(proposal, bill.organization))
    with transaction():
        decide_line(added_lines(bill.id)[0], "leave", actor=ada, now=utc_now())
    with pytest.raises(BasisMoved, match="decision to leave the line"):
        decided(bill.organization, proposal, ada, seen=seen)
    decided(bill.organization, proposal, ada)
    assert bill.total_cents == 5100


@pytest.mark.parametrize(("decision", "more"), [("bill", 2561), ("write_off", 0)])
def test_a_void_invoice_is_decided_on(
    void: Invoice, organization: Organization, people: tuple[Actor, Actor], decision: str, more: int
) -> None:
    sam, ada = people
    before = current_invoice(organization).total_cents
    terms = {"sequence": void.sequence, "decision": decision}
    what = Wanted("void", f"invoice:{void.sequence}", Money(2561, "usd"), terms, "A gift")
    proposal = proposed(organization, what, sam)
    assert consequence_of(proposal, organization, now=utc_now()).more_cents == more
    assert case_of(void).state == "undecided"
    decided(organization, proposal, ada)
    assert current_invoice(organization).total_cents == before + more
    assert case_of(void).decided_by == "sam@example.com"


def test_a_void_invoice_of_which_less_is_owed_by_now_is_proposed_again(
    void: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    before = current_invoice(organization).total_cents
    terms = {"sequence": void.sequence, "decision": "bill"}
    what = Wanted("void", f"invoice:{void.sequence}", Money(2561, "usd"), terms, "Owed")
    proposal = proposed(organization, what, sam)
    with transaction():
        case_of(void).waived_cents = 1000
    with pytest.raises(NothingLeft, match=r"now \$15\.61; \$25\.61 was proposed"):
        decided(organization, proposal, ada)
    assert current_invoice(organization).total_cents == before
    assert case_of(void).state == "undecided"


def test_a_void_invoice_goes_on_the_invoice_that_was_shown(
    void: Invoice, organization: Organization, people: tuple[Actor, Actor]
) -> None:
    sam, ada = people
    terms = {"sequence": void.sequence, "decision": "bill"}
    what = Wanted("void", f"invoice:{void.sequence}", Money(2561, "usd"), terms, "Owed")
    proposal = proposed(organization, what, sam)
    seen = name_of(basis_of(proposal, organization))
    with transaction():
        roll_early(organization, reason="Moving", actor=ada, now=LATER)
    with pytest.raises(BasisMoved, match="goes on invoice 3, not on invoice 2"):
        decided(organization, proposal, ada, seen=seen)
    assert case_of(void).state == "undecided"
