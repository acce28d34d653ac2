"""What Stripe billed differently is held, and a person credits it, carries it over or leaves it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.audit.models import AuditEntry
from dashboard.billing.correction_models import Correction
from dashboard.billing.credit_notes import refuse_note
from dashboard.billing.difference_decide import DifferenceKeyReused
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.difference_preview import offered
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.notes import issued_notes
from dashboard.billing.reverse import reverse_adjustment
from dashboard.billing.roll import roll_early
from dashboard.errors import Invalid, Stale
from dashboard.extensions import db as database
from dashboard.invariants.known import INVARIANTS
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support.credit_notes import current_cents, hear, issued
from tests.support.differences import bill_differently, broken, decide_on, left, note_at_stripe
from tests.support.reissues import in_all
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER, case_of, decide, organization

__all__ = ["issued", "organization"]


def customer_pays(organization: Organization, invoice: Invoice) -> int:
    """Return what Stripe asks of the issued invoice less its notes, and what the next one asks."""
    database.session.refresh(invoice)
    issued_cents = 0
    if invoice.status != "void":
        issued_cents = invoice.amount_remaining_cents or 0
    return issued_cents + current_cents(organization)


@pytest.mark.parametrize("cents", [1000, -700])
def test_it_is_held_until_it_is_carried_to_the_next_bill(
    issued: Invoice, organization: Organization, cents: int
) -> None:
    bill_differently(issued, cents)
    assert (issued.parked_code, left(issued)) == ("billed_differently", cents)
    shown = offered(issued, current_invoice(organization)).carrying
    decide_on(issued, "carry", cents)
    assert (issued.parked_code, left(issued)) == (None, 0)
    assert shown is not None
    assert (shown.cents, shown.after) == (-cents, current_cents(organization))
    # What both come to is what is owed, and the customer pays exactly that.
    assert in_all(organization) == 3000 - cents
    assert customer_pays(organization, issued) == 3000


def test_a_credit_note_takes_off_what_was_billed_too_much(
    issued: Invoice, organization: Organization
) -> None:
    bill_differently(issued, 1000)
    crediting = offered(issued, current_invoice(organization)).crediting
    assert crediting is not None
    assert (crediting.due_before, crediting.due_after) == (3561, 2561)
    note = decide_on(issued, "credit", 1000).note
    assert note is not None
    assert (note.amount_cents, note.back_cents, note.stray_cents) == (1000, 0, 1000)
    # Until Stripe has issued it, it is held, and nobody decides twice.
    assert (issued.parked_code, left(issued)) == ("billed_differently", 0)
    with pytest.raises(Stale):
        decide_on(issued, "carry", 1000, key="other")
    hear(note)
    assert (issued.parked_code, left(issued)) == (None, 0)
    # Nothing of our items was credited, so that the next bill asks for all that is left.
    assert in_all(organization) == 3000
    hear(note, "void")
    assert (issued.parked_code, left(issued)) == ("billed_differently", 1000)


def test_a_refused_credit_note_leaves_all_to_decide(issued: Invoice) -> None:
    bill_differently(issued, 1000)
    note = decide_on(issued, "credit", 1000).note
    assert note is not None
    refuse_note(note, "Too much.", now=LATER)
    assert (issued.parked_code, left(issued)) == ("billed_differently", 1000)
    decide_on(issued, "carry", 1000, key="again")
    assert (issued.parked_code, left(issued)) == (None, 0)


@pytest.mark.parametrize("cents", [1000, -700])
def test_it_is_left_only_for_a_reason(
    issued: Invoice, organization: Organization, cents: int
) -> None:
    bill_differently(issued, cents)
    before = current_cents(organization)
    with pytest.raises(Invalid):
        decide_on(issued, "leave", cents, reason=" ")
    assert left(issued) == cents
    decide_on(issued, "leave", cents, reason="The customer asked for it")
    assert (issued.parked_code, left(issued), current_cents(organization)) == (None, 0, before)


def test_what_was_billed_too_little_has_no_credit_note(issued: Invoice) -> None:
    bill_differently(issued, -700)
    assert offered(issued, current_invoice(issued.organization)).crediting is None
    with pytest.raises(Invalid):
        decide_on(issued, "credit", -700)


@pytest.mark.parametrize("decision", ["credit", "carry", "leave"])
def test_a_repeat_is_one_decision_and_a_second_person_is_refused(
    issued: Invoice, decision: str
) -> None:
    bill_differently(issued, 1000)
    made = decide_on(issued, decision, 1000)
    assert decide_on(issued, decision, 1000).id == made.id
    with pytest.raises(DifferenceKeyReused):
        decide_on(issued, "leave" if decision == "carry" else "carry", 1000)
    with pytest.raises(Stale):
        decide_on(issued, "carry", 1000, key="second person")
    assert database.session.query(Adjustment).count() == (1 if decision == "carry" else 0)


def test_a_change_since_it_was_seen_is_refused(issued: Invoice) -> None:
    bill_differently(issued, 1000)
    tell(issued, "open", LATER, total=issued.total_cents + 400)
    issued.stripe_total_cents = issued.total_cents + 400
    with pytest.raises(Stale, match=r"now \$4\.00 too much"):
        decide_on(issued, "carry", 1000)
    tell(issued, "void", LATER)
    with pytest.raises(Stale):
        decide_on(issued, "carry", 400)


def test_a_carried_credit_that_is_reversed_holds_the_invoice_again(issued: Invoice) -> None:
    bill_differently(issued, 1000)
    adjustment = decide_on(issued, "carry", 1000).adjustment
    assert adjustment is not None
    reverse_adjustment(adjustment, reason="Wrong way", actor=SUPPORT, now=LATER)
    assert (issued.parked_code, left(issued)) == ("billed_differently", 1000)


@pytest.mark.parametrize("cents", [1000, -700])
@pytest.mark.parametrize("is_rolled", [False, True])
def test_once_the_bill_is_void_what_was_carried_has_no_ground(
    issued: Invoice, organization: Organization, cents: int, is_rolled: bool
) -> None:
    bill_differently(issued, cents)
    decide_on(issued, "carry", cents)
    if is_rolled:
        roll_early(organization, reason="Now", actor=SUPPORT, now=LATER)
    tell(issued, "void", LATER, total=issued.total_cents + cents)
    case = case_of(issued)
    # What Stripe asked less was charged on the next one, and is not asked for again.
    assert case.asked_cents == 2561 + min(cents, 0)
    decide(issued, "bill", case.asked_cents)
    assert in_all(organization) == 3000


acts = st.lists(
    st.tuples(
        st.sampled_from(("bill", "credit", "carry", "leave", "reverse", "void_note", "note_there")),
        st.integers(-900, 900),
    ),
    max_size=8,
)


class Story:
    """One bill that Stripe makes differently again and again, and what people do about it."""

    def __init__(self, invoice: Invoice) -> None:
        self.invoice, self.made = invoice, list[DifferenceDecision]()

    def act(self, number: int, step: str, cents: int) -> None:
        if step == "bill":
            bill_differently(self.invoice, cents)
        elif step == "reverse":
            for one in [one.adjustment for one in self.made if one.adjustment][-1:]:
                reverse_adjustment(one, reason="No", actor=SUPPORT, now=LATER)
        elif step == "note_there":
            note_at_stripe(self.invoice, abs(cents) or 1, f"cn_there_{number}")
        elif step == "void_note":
            for note in [one.note for one in self.made if one.note]:
                if note.state == "issued":
                    hear(note, "void")
        else:
            self.decide(number, step)

    def decide(self, number: int, step: str) -> None:
        """Decide as the page offers it, and see that just that happens."""
        seen, organization = left(self.invoice), self.invoice.organization
        shown = offered(self.invoice, current_invoice(organization))
        if not seen or (step == "credit" and shown.crediting is None):
            return
        before = current_cents(organization)
        one = decide_on(self.invoice, step, seen, key=f"{number}")
        self.made.append(one)
        if one.note is not None and shown.crediting is not None:
            assert one.note.amount_cents == shown.crediting.note.amount_cents == seen
            hear(one.note)
        moved = shown.carrying.cents if step == "carry" and shown.carrying else 0
        assert current_cents(organization) - before == moved
        assert left(self.invoice) == 0

    def expected(self) -> int:
        """Return what is left, worked out from what people and Stripe did."""
        undone = {one.reverses_id for one in database.session.query(Adjustment)} - {None}
        standing = [one for one in self.made if one.adjustment_id not in undone]
        moved = sum(
            one.cents for one in standing
            if one.decision != "leave" and (one.note is None or one.note.state == "issued")
        )  # fmt: skip
        rest = (self.invoice.stripe_total_cents or 0) - self.invoice.total_cents - moved
        known = [one.cents for one in self.made if one.decision == "leave"]
        if rest < 0:
            return min(rest - sum(cents for cents in known if cents < 0), 0)
        there = sum(row.amount_cents for row in issued_notes(self.invoice) if is_theirs(row))
        return max(rest - there - sum(cents for cents in known if cents > 0), 0)


def is_theirs(row: Correction) -> bool:
    return row.stripe_id.startswith("cn_there")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_what_is_offered_is_what_happens_and_every_cent_is_accounted_for(
    issued: Invoice, acts: list[tuple[str, int]]
) -> None:
    """Stripe's total is the ledger's, what was seen to and what waits; what waits is held."""
    with database.session.begin_nested() as savepoint:
        story = Story(issued)
        for number, (step, cents) in enumerate(acts):
            story.act(number, step, cents)
            assert left(issued) == story.expected()
            assert (issued.parked_code is not None) == (left(issued) != 0)
            assert broken(issued, "issued_as_told") == []
        savepoint.rollback()


def test_it_is_on_record_with_its_amount(issued: Invoice) -> None:
    bill_differently(issued, 1000)
    decide_on(issued, "leave", 1000, reason="They asked for it")
    entry = database.session.query(AuditEntry).filter_by(action="invoice.difference_left").one()
    assert entry.facts["cents"] == 1000
    assert entry.reason == "They asked for it"
    assert "issued_as_told" in {one.name for one in INVARIANTS}
