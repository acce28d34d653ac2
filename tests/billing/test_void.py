"""What a void invoice held is billed by nobody until a person decides, and then exactly once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.billing.void_decide import decide_void
from dashboard.billing.void_models import VoidCase
from dashboard.errors import Invalid, NotFound, Stale
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from tests.factories import SUPPORT
from tests.support.stripe_acts import tell
from tests.support.void_cases import (
    APRIL,
    LATE_APRIL,
    LATER,
    case_of,
    decide,
    detach,
    first_of,
    organization,
    void,
)

__all__ = ["organization", "void"]


def test_the_next_bill_does_not_say_that_a_void_invoice_billed_anything(
    organization: Organization,
) -> None:
    first = first_of(organization)
    assert first.total_cents == 2561
    tell(first, "open", LATER)
    tell(first, "void", LATER)
    current = current_invoice(organization)
    assert current.total_cents == 439
    [item] = current.items
    assert "25.61 of it is on void invoice F-0001 and needs a decision" in item.trace["words"][-1]
    assert not any("was billed" in sentence for sentence in item.trace["words"])


def current_items(organization: Organization) -> dict[str, int]:
    """Return the current invoice's items, of which its total is the sum."""
    current = current_invoice(organization)
    assert current.total_cents == sum(item.amount_cents for item in current.items)
    return {item.description: item.amount_cents for item in current.items}


def test_a_void_invoice_opens_a_case_of_what_it_asked_for(
    void: Invoice,
) -> None:
    case = case_of(void)
    assert (case.state, case.cents, case.waits) == ("undecided", 2561, True)


def test_the_same_void_told_again_changes_nothing(
    void: Invoice, organization: Organization
) -> None:
    revision = current_invoice(organization).revision
    assert tell(void, "void", LATER) is False
    assert case_of(void).cents == 2561
    assert current_invoice(organization).revision == revision


def test_an_uncollectible_invoice_that_is_voided_opens_a_case_as_well(
    organization: Organization,
) -> None:
    first = first_of(organization)
    for status in ("open", "uncollectible", "void"):
        tell(first, status, LATER)
    assert (first.status, case_of(first).cents) == ("void", 2561)


def test_a_paid_invoice_is_never_void(organization: Organization) -> None:
    first = first_of(organization)
    tell(first, "paid", LATER)
    assert tell(first, "void", LATER) is False
    assert (first.status, first.amount_paid_cents) == ("paid", 2561)
    assert database.session.get(VoidCase, first.id) is None


def test_billed_again_its_lines_are_on_the_current_invoice_and_say_so(
    void: Invoice, organization: Organization
) -> None:
    case = decide(void, "bill")
    current = current_invoice(organization)
    assert (case.state, case.billed_on) == ("billed", current)
    assert current.total_cents == 3000
    [again] = [item for item in current.items if item.kind == "rebilled"]
    assert (again.amount_cents, again.period_start, again.period_end) == (2561, APRIL, LATE_APRIL)
    assert "voided on 2026-04-26, so it was not billed" in again.trace["words"][-1]
    [rest] = [item for item in current.items if item.kind == "recurring"]
    assert (
        "$25.61 of it was on a void invoice and is billed as an item of its own"
        in rest.trace["words"][-1]
    )


def test_written_off_it_is_billed_by_nobody_and_the_rest_says_so(
    void: Invoice, organization: Organization
) -> None:
    case = decide(void, "write_off")
    assert (case.state, case.reason, case.decided_by) == ("written_off", "A gift", SUPPORT.label)
    current = current_invoice(organization)
    assert current.total_cents == 439
    words = "25.61 of it was on void invoice F-0001 and is written off; $4.39 is left"
    assert words in current.items[0].trace["words"][-1]


@pytest.mark.parametrize("decision", ["bill", "write_off"])
def test_a_second_click_decides_nothing_more(
    void: Invoice, organization: Organization, decision: str
) -> None:
    decide(void, decision)
    before = current_items(organization)
    decide(void, decision)
    assert current_items(organization) == before


def test_ten_clicks_at_once_bill_it_once(
    app: Flask, void: Invoice, organization: Organization
) -> None:
    organization_id, void_id = organization.id, void.id

    def click(_: int) -> None:
        with app.app_context():
            decide(database.session.get_one(Invoice, void_id), "bill")

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(click, range(10)))
    database.session.expire_all()
    current = current_invoice(database.session.get_one(Organization, organization_id))
    assert current.total_cents == 3000


def test_an_old_tab_does_not_undo_a_decision(void: Invoice, organization: Organization) -> None:
    decide(void, "write_off")
    with pytest.raises(Stale, match="has already decided: it is written off"):
        decide(void, "bill")
    assert current_invoice(organization).total_cents == 439


def test_an_amount_that_moved_since_is_not_decided_on(void: Invoice) -> None:
    with pytest.raises(Stale, match=r"decide on is now \$25\.61"):
        decide(void, "bill", seen_cents=2560)


def test_nothing_is_written_off_without_a_reason(void: Invoice) -> None:
    with pytest.raises(Invalid, match="kept in the audit trail"):
        decide_void(void, "write_off", seen=None, reason=" ", actor=SUPPORT, now=LATER)


def test_an_invoice_that_is_not_void_has_nothing_to_decide(organization: Organization) -> None:
    with pytest.raises(NotFound, match="Nothing on invoice 1 needs a decision: it is sealed"):
        decide(first_of(organization), "bill")


def test_a_detach_before_the_void_part_ended_shrinks_the_case_and_credits_nothing(
    void: Invoice, organization: Organization
) -> None:
    detach(organization, at=datetime(2026, 4, 21, tzinfo=UTC))
    assert case_of(void).cents == 2000
    assert current_invoice(organization).total_cents == 0
    decide(void, "bill", seen_cents=2000)
    assert current_invoice(organization).total_cents == 2000


def test_a_credit_for_what_is_void_since_is_taken_back(organization: Organization) -> None:
    first = first_of(organization)
    tell(first, "open", LATER)
    detach(organization, at=datetime(2026, 4, 21, tzinfo=UTC))
    second = current_invoice(organization)
    assert second.total_cents == -561
    seal_now(second, now=LATER)
    tell(second, "paid", LATER)
    tell(first, "void", LATER)
    assert case_of(first).cents == 2000
    assert current_invoice(organization).total_cents == 561


def test_once_billed_again_a_detach_is_credited(void: Invoice, organization: Organization) -> None:
    decide(void, "bill")
    detach(organization, at=datetime(2026, 4, 21, tzinfo=UTC))
    assert current_invoice(organization).total_cents == 2000


def test_what_was_billed_again_on_an_invoice_that_is_void_too_waits_again(
    void: Invoice, organization: Organization
) -> None:
    decide(void, "bill")
    second = current_invoice(organization)
    seal_now(second, now=second.period_end)
    tell(second, "open", LATER)
    tell(second, "void", LATER)
    assert case_of(second).cents == 3000
    decide(second, "bill", seen_cents=3000)
    # Beside the fee of May.
    assert current_invoice(organization).total_cents == 3000 + 3000


def test_a_void_credit_waits_for_a_decision_as_well(organization: Organization) -> None:
    current = current_invoice(organization)
    add_adjustment(
        current, Money(-5000, "usd"), reason="Outage", description="Outage", actor=SUPPORT,
        now=LATER, key="outage",
    )  # fmt: skip
    seal_now(current, now=current.period_end)
    tell(current, "open", LATER)
    tell(current, "void", LATER)
    assert case_of(current).cents == 439 - 5000
    decide(current, "bill", seen_cents=439 - 5000)
    assert current_invoice(organization).total_cents == 3000 + 439 - 5000
