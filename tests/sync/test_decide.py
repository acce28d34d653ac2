"""What support decides on a line added at Stripe: once, on what was seen, and what can be done."""

import pytest

from dashboard.audit.actor import Actor
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Invalid, InvoiceIsFrozen, NotFound, Stale
from dashboard.extensions import db
from dashboard.reading.sync_runs import leaves_added
from dashboard.sync.added_lines import added_lines
from dashboard.sync.decide import Seen, added_line, choices, decide_line
from dashboard.sync.models import AddedLine
from dashboard.transaction import transaction
from tests.support.billing import items_of, make_bill, put
from tests.support.sync_acts import SUPPORT, add_foreign, seal
from tests.support.syncing import Syncer

COLLEAGUE = Actor("user", None, "colleague@example.com")


@pytest.fixture
def line(bill: Invoice, syncer: Syncer) -> AddedLine:
    """A line added at Stripe that a verification found on the draft."""
    put(bill, a=100)
    syncer.sync(bill)
    add_foreign(syncer, bill)
    syncer.sync(bill, verify=True)
    return added_lines(bill.id)[0]


def decide(line: AddedLine, decision: str, seen: str | None = None, actor: Actor = SUPPORT) -> None:
    """Decide from a page that showed `seen` as the decision so far."""
    with transaction():
        decide_line(line, decision, seen=Seen(seen), actor=actor, now=utc_now())


def test_an_adopted_line_is_not_removed_from_a_stale_tab(
    line: AddedLine, bill: Invoice, syncer: Syncer
) -> None:
    decide(line, "adopt", actor=COLLEAGUE)
    with pytest.raises(Stale, match=r"colleague@example.com .* adjustment .* Nothing was changed"):
        decide(line, "take_ours")
    syncer.sync(bill)
    assert bill.total_cents == bill.stripe_total_cents == 5100


def test_a_run_keeps_how_many_lines_were_not_ours_when_it_read(
    line: AddedLine, bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=200)
    with_it = syncer.sync(bill)
    decide(line, "take_ours")
    removing = syncer.sync(bill)
    assert (with_it.lines_not_ours, removing.lines_not_ours) == (1, 0)
    assert leaves_added(with_it)
    assert not leaves_added(removing)


def test_a_line_that_was_left_is_still_not_ours_in_later_runs(
    line: AddedLine, bill: Invoice, syncer: Syncer
) -> None:
    decide(line, "leave")
    put(bill, a=200)
    left = syncer.sync(bill)
    decide(line, "adopt", seen="leave")
    adopted = syncer.sync(bill)
    assert (left.lines_not_ours, adopted.lines_not_ours) == (1, 0)


def test_a_line_to_be_removed_is_not_adopted_from_a_stale_tab(
    line: AddedLine, bill: Invoice, syncer: Syncer
) -> None:
    decide(line, "take_ours")
    for decision in ("adopt", "leave"):
        with pytest.raises(Stale, match="removes it"):
            decide(line, decision)
    syncer.sync(bill)
    assert bill.total_cents == bill.stripe_total_cents == 100


def test_the_same_decision_twice_is_one(line: AddedLine, bill: Invoice) -> None:
    decide(line, "adopt")
    decide(line, "adopt", actor=COLLEAGUE)
    assert len(items_of(bill)) == 2
    assert line.decided_by == SUPPORT.label


def test_what_a_colleague_left_is_not_overwritten_unseen(line: AddedLine) -> None:
    decide(line, "leave", actor=COLLEAGUE)
    with pytest.raises(Stale, match="stays at Stripe"):
        decide(line, "take_ours")
    assert line.decision == "leave"


def test_a_line_that_was_left_can_be_decided_anew(
    line: AddedLine, bill: Invoice, syncer: Syncer
) -> None:
    decide(line, "leave")
    assert choices(line, bill) == ("take_ours", "adopt")
    decide(line, "take_ours", seen="leave")
    syncer.sync(bill)
    assert bill.stripe_total_cents == 100


def test_leaving_a_line_does_not_call_off_a_verification(line: AddedLine, bill: Invoice) -> None:
    with transaction():
        bill.needs_verification = True
    decide(line, "leave")
    assert bill.needs_verification


def test_a_sealed_invoice_offers_no_adoption(line: AddedLine, bill: Invoice) -> None:
    seal(bill)
    assert choices(line, bill) == ("take_ours", "leave")
    with pytest.raises(InvoiceIsFrozen, match="Nothing was changed"):
        decide(line, "adopt")
    assert line.decision is None


def test_a_line_of_nothing_offers_no_adoption(line: AddedLine, bill: Invoice) -> None:
    with transaction():
        line.amount_cents = 0
    assert "adopt" not in choices(line, bill)


def test_a_line_that_a_sync_removed_meanwhile_is_not_decided_on(
    line: AddedLine, bill: Invoice, syncer: Syncer
) -> None:
    seen = added_lines(bill.id)[0]
    # Another request has read it, in a session of its own.
    db.session.expunge(seen)
    decide(line, "take_ours")
    syncer.sync(bill)
    with pytest.raises(NotFound, match="no longer on Stripe's draft"):
        decide(seen, "leave")


def test_an_unknown_decision_changes_nothing(line: AddedLine) -> None:
    with pytest.raises(Invalid):
        decide(line, "burn")
    assert line.decision is None


def test_a_line_that_cannot_be_charged_is_not_adopted() -> None:
    for cents, can_be in ((105000, True), (105050, False)):
        line = AddedLine(amount_cents=cents)
        assert ("adopt" in choices(line, Invoice(status="draft", currency="isk"))) == can_be


def test_a_line_is_found_under_its_own_organization_only(line: AddedLine, bill: Invoice) -> None:
    assert added_line(bill.organization, line.id) is line
    other = make_bill("beta").organization
    for organization, number in ((other, line.id), (bill.organization, line.id + 1)):
        with pytest.raises(NotFound, match="Nothing was changed"):
            added_line(organization, number)
