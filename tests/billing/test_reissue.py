"""An issued invoice is taken back and billed again in one act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.credit_notes import refuse_note
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.reissue import NotReissuable, PaidPart, ReissueKeyReused
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.billing.roll import roll_early
from dashboard.errors import Busy, Invalid, Stale
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support import credit_notes
from tests.support.credit_notes import hear, issued, pay
from tests.support.reissues import end, in_all, lines, reissue
from tests.support.stripe_acts import tell
from tests.support.void_cases import APRIL, LATER, case_of, decide, detach, organization

__all__ = ["issued", "organization"]


def test_voided_it_is_billed_anew_in_the_same_transaction(
    issued: Invoice, organization: Organization
) -> None:
    row = reissue(issued)
    assert (row.way, row.state, row.taken_cents) == ("void", "planned", 2561)
    assert in_all(organization) == 3000
    end(row)
    assert (row.state, row.billed_cents, row.ended_at) == ("done", 2561, LATER)
    case = case_of(issued)
    assert (case.state, case.decided_by, case.reason) == ("billed", SUPPORT.label, "Wrong end")
    assert in_all(organization) == 3000
    assert sum(lines(organization).values()) == current_invoice(organization).total_cents == 3000


@pytest.mark.parametrize("is_paid", [False, True])
def test_what_facts_took_off_since_is_not_billed_anew(
    issued: Invoice, organization: Organization, is_paid: bool
) -> None:
    """Half of April was used: the invoice asked for 25.61, and 15.00 is owed."""
    if is_paid:
        pay(issued)
    detach(organization, APRIL + timedelta(days=15))
    assert in_all(organization) == 1500
    assert sum(lines(organization).values()) == 1500 - 2561
    row = reissue(issued)
    assert row.way == ("credit" if is_paid else "void")
    end(row)
    assert (row.state, row.billed_cents) == ("done", 1500)
    assert in_all(organization) == 1500
    assert [cents for cents in lines(organization).values() if cents] == [1500]


@pytest.mark.parametrize("is_paid", [False, True])
@pytest.mark.parametrize("end_of_fee", [None, 5, 15, 25])
def test_the_preview_says_what_is_done(
    issued: Invoice, organization: Organization, is_paid: bool, end_of_fee: int | None
) -> None:
    if is_paid:
        pay(issued)
    if end_of_fee is not None:
        detach(organization, APRIL + timedelta(days=end_of_fee))
    before = lines(organization)
    shown = preview_reissue(issued, now=LATER)
    assert lines(organization) == before
    assert issued.status == ("paid" if is_paid else "open")
    row = reissue(issued, shown.taking.cents)
    end(row)
    after = lines(organization)
    assert shown.taking.cents == row.taken_cents
    assert shown.billed_cents == row.billed_cents
    assert shown.current_before == sum(before.values())
    assert shown.current_after == sum(after.values())
    assert {one.description: one.after for one in shown.lines if one.after} == {
        name: cents for name, cents in after.items() if before.get(name) != cents and cents
    }


def test_the_same_key_again_is_one_and_stands_for_nothing_else(issued: Invoice) -> None:
    row = reissue(issued)
    assert reissue(issued).id == row.id
    with pytest.raises(ReissueKeyReused):
        reissue(issued, reason="Another")
    with pytest.raises(Busy):
        reissue(issued, key="other")
    end(row)
    assert reissue(issued).id == row.id
    with pytest.raises(NotReissuable, match="billed again already"):
        reissue(issued, key="other")


def charged(organization: Organization) -> Invoice:
    """Return the second invoice, issued: a fee of 4.39, a charge of 9.00 and a credit of 2.00."""
    second = current_invoice(organization)
    for cents, key in ((900, "a"), (-200, "b")):
        add_adjustment(
            second, Money(cents, "usd"), reason="Asked", description=f"Setup {key}",
            actor=SUPPORT, now=LATER, key=key,
        )  # fmt: skip
    roll_early(organization, reason="Moving", actor=SUPPORT, now=LATER + timedelta(days=1))
    tell(second, "open", LATER + timedelta(days=1))
    database.session.commit()
    return second


@pytest.mark.parametrize("is_paid", [False, True])
def test_charges_come_back_as_lines_and_what_is_owed_stays(
    issued: Invoice, organization: Organization, is_paid: bool
) -> None:
    second = charged(organization)
    if is_paid:
        pay(second)
    owed = in_all(organization)
    shown = preview_reissue(second, now=LATER)
    row = reissue(second, shown.taking.cents)
    assert in_all(organization) == owed
    end(row)
    assert row.state == "done"
    assert in_all(organization) == owed
    assert sum(lines(organization).values()) == shown.current_after
    assert any("Setup a, from" in name for name in lines(organization))


def test_a_note_that_forgave_goes_on_forgiving(issued: Invoice, organization: Organization) -> None:
    """Of 25.61, 5.61 was a gift; the rest is paid, credited, and owed again."""
    hear(credit_notes.plan(issued, 561))
    pay(issued)
    row = reissue(issued, 2000)
    end(row)
    assert (row.state, row.billed_cents) == ("done", 2000)
    assert in_all(organization) == 3000 - 561
    detach(organization, APRIL + timedelta(days=15))
    assert in_all(organization) == 1500


def test_with_a_note_on_it_a_void_bills_what_was_asked_last(
    issued: Invoice, organization: Organization
) -> None:
    hear(credit_notes.plan(issued, 561))
    row = reissue(issued, 2000)
    end(row)
    assert (row.state, row.billed_cents) == ("done", 2000)
    assert sum(lines(organization).values()) == 439 + 2000


def test_paid_in_part_it_is_taken_back_by_a_note_that_does_both(issued: Invoice) -> None:
    issued.amount_paid_cents, issued.amount_remaining_cents = 1000, 1561
    row = reissue(issued, paid_part="balance")
    assert row.note is not None
    assert (row.way, row.note.amount_cents, row.note.balance_cents) == ("credit", 2561, 1000)


@pytest.mark.parametrize(
    ("paid_part", "shares"),
    [("refund", (2561, 0, 0)), ("balance", (0, 2561, 0)), ("outside", (0, 0, 2561))],
)
def test_what_was_paid_goes_where_it_is_asked_to(
    issued: Invoice, paid_part: PaidPart, shares: tuple[int, int, int]
) -> None:
    pay(issued)
    note = reissue(issued, paid_part=paid_part).note
    assert note is not None
    assert (note.refund_cents, note.balance_cents, note.outside_cents) == shares


def test_what_stripe_refuses_takes_nothing_back(
    issued: Invoice, organization: Organization
) -> None:
    pay(issued)
    row = reissue(issued)
    assert row.note is not None
    refuse_note(row.note, "A payment is under way.", now=LATER)
    assert (row.state, row.error) == ("refused", "A payment is under way.")
    assert in_all(organization) == 3000
    assert reissue(issued, key="again").state == "planned"


def test_voided_by_somebody_else_meanwhile_it_is_done(
    issued: Invoice, organization: Organization
) -> None:
    """Between the preview and the press: what it held waits for a decision, and this is it."""
    tell(issued, "void", LATER)
    database.session.commit()
    row = reissue(issued)
    assert (row.state, row.billed_cents) == ("done", 2561)
    assert in_all(organization) == 3000


def test_a_void_one_that_is_decided_is_not_billed_again(issued: Invoice) -> None:
    tell(issued, "void", LATER)
    decide(issued, "write_off")
    with pytest.raises(NotReissuable, match="is void"):
        reissue(issued)


def test_what_was_seen_is_what_is_taken_back(issued: Invoice) -> None:
    with pytest.raises(Stale, match=r"is now \$25\.61"):
        reissue(issued, 2500)
    with pytest.raises(Invalid, match="needs a reason"):
        reissue(issued, reason=" ")


def test_a_draft_has_nothing_to_take_back(organization: Organization) -> None:
    with pytest.raises(NotReissuable, match="is draft"):
        reissue(current_invoice(organization))


def test_what_asks_for_nothing_has_nothing_to_take_back(issued: Invoice) -> None:
    hear(credit_notes.plan(issued, 2561))
    tell(issued, "paid", LATER)
    with pytest.raises(NotReissuable, match="left to take back"):
        reissue(issued, 0)


def test_a_note_and_a_reissue_wait_for_each_other(issued: Invoice) -> None:
    note = credit_notes.plan(issued, 100)
    with pytest.raises(Busy):
        reissue(issued)
    refuse_note(note, "No.", now=LATER)
    reissue(issued)
    with pytest.raises(Busy):
        credit_notes.plan(issued, 100, key="later")


def test_a_note_that_is_void_again_is_asked_for_where_it_was(
    issued: Invoice, organization: Organization
) -> None:
    issued.amount_paid_cents, issued.amount_remaining_cents = 1000, 1561
    row = reissue(issued, paid_part="balance")
    end(row)
    assert in_all(organization) == 3000
    hear(row.note, "void")
    assert in_all(organization) == 3000


def test_the_database_lets_one_stand(issued: Invoice) -> None:
    reissue(issued)
    columns = {
        column.name: getattr(reissue(issued), column.name)
        for column in Reissue.__table__.columns
        if column.name != "id"
    }
    database.session.add(Reissue(**columns | {"idempotency_key": "other"}))
    with pytest.raises(IntegrityError, match="uq_reissues_one_stands"):
        database.session.flush()
