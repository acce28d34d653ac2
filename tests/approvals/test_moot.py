"""What can no longer be approved ends at once, and says why."""

from __future__ import annotations

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.approvals.decide import refuse
from dashboard.approvals.kinds import NothingLeft
from dashboard.approvals.models import Proposal
from dashboard.approvals.moot import end_moot
from dashboard.approvals.propose import Wanted
from dashboard.approvals.telling import mail_proposers
from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.reverse import reverse_adjustment
from dashboard.billing.void_decide import decide_void
from dashboard.errors import Stale
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.sync.decide import decide_line
from dashboard.sync.models import AddedLine
from dashboard.transaction import transaction
from tests.factories import NOW
from tests.support.added_lines import add_line
from tests.support.proposals import acts, approved, charged, proposed, wanted
from tests.support.void_cases import LATER, case_of, organization, void

__all__ = ["organization", "void"]


def ended(proposal: Proposal) -> tuple[str, str | None]:
    """Let the clock end what is moot; return what the proposal is then, and why."""
    with transaction():
        end_moot(now=NOW)
    database.session.refresh(proposal)
    return proposal.state_at(NOW), proposal.answer


@pytest.fixture
def line(acme: Organization) -> AddedLine:
    """A line of $1.00 added at Stripe."""
    with transaction():
        return add_line(acme, "il_1", None)


def adoption(line: AddedLine) -> Wanted:
    terms = {"line_id": line.id, "description": "Setup"}
    return Wanted("adopt", f"line:{line.id}", Money(100, "usd"), terms, "They ordered it")


def test_what_can_still_be_approved_goes_on_waiting(
    acme: Organization, sam: Actor, ada: Actor, line: AddedLine
) -> None:
    _, reversal = charged(acme, ada)
    credit, undo = proposed(acme, sam), proposed(acme, sam, reversal)
    adopt = proposed(acme, sam, adoption(line))
    with transaction():
        add_adjustment(
            current_invoice(acme), Money(-500, "usd"), reason="Asked", description="Another",
            actor=ada, now=NOW, key="another",
        )  # fmt: skip
        decide_line(line, "leave", actor=ada, now=NOW)
    for one in (credit, undo, adopt):
        assert ended(one) == ("waits", None)
    approved(acme, undo, ada)


def test_a_reversal_of_what_was_reversed_otherwise_ends_and_names_who_did_it(
    acme: Organization, sam: Actor, ada: Actor, db: SQLAlchemy
) -> None:
    charge, reversal = charged(acme, ada)
    proposal = proposed(acme, sam, reversal)
    with transaction():
        reverse_adjustment(charge, reason="Mine", actor=ada, now=NOW)
    assert ended(proposal) == (
        "moot", f"ada@example.com reversed it on {NOW:%-d %b, %H:%M} UTC."
    )  # fmt: skip
    assert acts(db)[-1] == ("proposal.moot", "System")
    with pytest.raises(Stale, match=r"ada@example\.com reversed it"), transaction():
        refuse(proposal, answer="No", actor=ada, now=NOW)
    with transaction():
        assert end_moot(now=NOW) == 0
        assert mail_proposers(now=NOW) == 1


def test_a_reversal_ends_with_the_sealing_of_its_invoice(
    acme: Organization, sam: Actor, ada: Actor
) -> None:
    _, reversal = charged(acme, ada)
    proposal = proposed(acme, sam, reversal)
    with transaction():
        seal_now(current_invoice(acme), now=NOW)
    assert ended(proposal) == ("moot", "Its invoice is sealed and can no longer change.")


@pytest.mark.parametrize(("is_gone", "says"), [
    (False, "The next sync removes the line at Stripe."),
    (True, "The line is no longer on Stripe's draft."),
])  # fmt: skip
def test_an_adoption_ends_once_the_line_was_decided_on(
    acme: Organization, sam: Actor, ada: Actor, line: AddedLine, is_gone: bool, says: str
) -> None:
    proposal = proposed(acme, sam, adoption(line))
    with transaction():
        decide_line(line, "take_ours", actor=ada, now=NOW)
        if is_gone:
            database.session.delete(line)
    at = f"{NOW:%-d %b, %H:%M} UTC"
    said = f"ada@example.com decided on this line on {at}. {says}"
    assert ended(proposal) == ("moot", said)


def test_an_adoption_of_another_amount_than_the_lines_ends(
    acme: Organization, sam: Actor, line: AddedLine
) -> None:
    proposal = proposed(acme, sam, adoption(line))
    with transaction():
        line.amount_cents = 200
    assert ended(proposal) == ("moot", "The amount is now $2.00; $1.00 was proposed.")
    # So it makes room for one of the right amount.
    assert proposed(acme, sam, adoption(line)._replace(amount=Money(200, "usd"))).state == "waits"


def test_what_is_moot_is_not_proposed_and_the_refusal_says_why(
    acme: Organization, sam: Actor, ada: Actor
) -> None:
    charge, reversal = charged(acme, ada)
    with transaction():
        reverse_adjustment(charge, reason="Mine", actor=ada, now=NOW)
    with pytest.raises(NothingLeft, match=r"ada@example\.com reversed it"):
        proposed(acme, sam, reversal)


def test_a_proposal_of_a_form_is_never_moot(acme: Organization, sam: Actor) -> None:
    proposal = proposed(acme, sam, wanted())
    with transaction():
        seal_now(current_invoice(acme), now=NOW)
    assert ended(proposal) == ("waits", None)


@pytest.mark.parametrize("by_other", ["decided", "less is asked"])
def test_a_decision_on_a_void_invoice_ends_once_that_was_decided_or_asks_another_amount(
    void: Invoice, organization: Organization, sam: Actor, ada: Actor, by_other: str
) -> None:
    terms = {"sequence": void.sequence, "decision": "bill"}
    what = Wanted("void", f"invoice:{void.sequence}", Money(2561, "usd"), terms, "Owed")
    proposal = proposed(organization, sam, what)
    assert ended(proposal) == ("waits", None)
    with transaction():
        if by_other == "decided":
            decide_void(
                void, "write_off", seen=Money(2561, "usd"), reason="A gift", actor=ada, now=LATER
            )
            said = f"ada@example.com decided on {LATER:%-d %b, %H:%M} UTC: it is written off."
        else:
            case_of(void).waived_cents = 1000
            said = "The amount is now $15.61; $25.61 was proposed."
    assert ended(proposal) == ("moot", said)
