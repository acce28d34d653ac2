"""What happens is told in its own transaction, once, to those who want it."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from dashboard.billing.close import close, seal
from dashboard.billing.corrections import keep_correction
from dashboard.billing.outcome import close_without_stripe
from dashboard.billing.past_due import tell_of_late
from dashboard.billing.roll import roll_early
from dashboard.billing.roll_preview import preview_roll
from dashboard.billing.telling import tell_corrected
from dashboard.budgets.look import note_used
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.outgoing.endpoints import pause, remove
from dashboard.outgoing.forget import forget_told
from dashboard.outgoing.models import OutgoingEvent
from dashboard.outgoing.queue import switch_off
from dashboard.outgoing.tell import Fact
from dashboard.outgoing.tell import tell as tell_systems
from dashboard.rehearsal import rehearsal
from dashboard.standing.change import set_rules
from dashboard.standing.look import look
from dashboard.standing.rules import Rules
from tests.factories import SUPPORT, make_organization
from tests.support.outgoing import deliveries, kinds, listens, told
from tests.support.queries import count_queries
from tests.support.refunds import disputed
from tests.support.stripe_acts import tell
from tests.support.void_cases import APRIL, LATER, first_of, organization

__all__ = ["organization"]
pytestmark = pytest.mark.usefixtures("db")
SOMEWHERE = "https://receiver.example/"
DAY = timedelta(days=1)


def data_of(kind: str) -> dict[str, object]:
    """Return what the one event of a kind says."""
    [event] = db.session.scalars(select(OutgoingEvent).where(OutgoingEvent.kind == kind)).all()
    return event.data


def test_where_no_endpoint_is_registered_nothing_is_written(organization: Organization) -> None:
    first = first_of(organization)
    tell(first, "open", LATER)
    tell(first, "paid", LATER)
    assert told() == []
    assert deliveries() == []


def test_an_endpoint_that_was_removed_is_none(organization: Organization) -> None:
    endpoint, _ = listens(SOMEWHERE, now=LATER)
    remove(endpoint, now=LATER, actor=SUPPORT)
    tell(first_of(organization), "open", LATER)
    assert told() == []


def test_the_life_of_an_invoice_is_told_in_its_order() -> None:
    endpoint, _ = listens(SOMEWHERE, now=APRIL)
    organization = make_organization(anchor=APRIL, now=APRIL)
    first = first_of(organization)
    close(first, now=APRIL + 30 * DAY)
    seal([first.id], now=LATER + 30 * DAY)
    tell(first, "open", LATER + 30 * DAY)
    tell(first, "paid", LATER + 31 * DAY)
    assert [(one.event.kind, one.ordering_key) for one in deliveries(endpoint)] == [
        ("invoice.opened", f"invoice:{first.id}"),
        ("invoice.closing", f"invoice:{first.id}"),
        ("invoice.opened", f"invoice:{first.id + 1}"),
        ("invoice.finalized", f"invoice:{first.id}"),
        ("invoice.paid", f"invoice:{first.id}"),
    ]
    said = data_of("invoice.paid")
    assert said["organization"] == organization.slug
    invoice = said["invoice"]
    assert isinstance(invoice, dict)
    assert (invoice["sequence"], invoice["number"], invoice["status"]) == (1, "F-0001", "paid")


def test_an_early_roll_tells_that_the_invoice_is_closing(organization: Organization) -> None:
    listens(SOMEWHERE, now=LATER)
    roll_early(organization, reason="Again", actor=SUPPORT, now=LATER + DAY)
    assert kinds() == ["invoice.closing", "invoice.opened"]


def test_a_bill_of_nothing_is_finalized_and_not_paid(organization: Organization) -> None:
    listens(SOMEWHERE, now=LATER)
    close_without_stripe(first_of(organization), now=LATER)
    assert kinds() == ["invoice.finalized"]


def test_what_stripe_tells_in_any_order_and_twice_is_told_once(
    organization: Organization,
) -> None:
    """All orders of four reports, each doubled."""
    listens(SOMEWHERE, now=LATER)
    first = first_of(organization)
    reports = ["open", "uncollectible", "paid", "open"]
    for order in permutations(range(4)):
        savepoint = db.session.begin_nested()
        for number in order:
            tell(first, reports[number], LATER)
            tell(first, reports[number], LATER)
        assert sorted(kinds()) == ["invoice.finalized", "invoice.paid"]
        assert kinds()[0] == "invoice.finalized"
        savepoint.rollback()
        db.session.expire_all()
    assert kinds() == []


def test_what_is_undone_was_not_told(organization: Organization) -> None:
    listens(SOMEWHERE, now=LATER)
    tell(first_of(organization), "open", LATER)
    assert kinds() == ["invoice.finalized"]
    db.session.rollback()
    assert kinds() == []
    assert deliveries() == []


def test_a_rehearsal_tells_nobody(organization: Organization) -> None:
    listens(SOMEWHERE, now=LATER)
    first = first_of(organization)
    with rehearsal():
        tell(first, "open", LATER)
    preview_roll(organization, now=LATER + DAY)
    assert kinds() == []


def test_a_void_invoice_is_corrected_once(organization: Organization) -> None:
    listens(SOMEWHERE, ["invoice.corrected"], now=LATER)
    first = first_of(organization)
    tell(first, "open", LATER)
    tell(first, "void", LATER)
    tell(first, "void", LATER)
    assert told() == [("invoice.corrected", f"invoice.corrected:{first.id}:void")]
    assert data_of("invoice.corrected")["correction"] == {"kind": "void", "amount_cents": 2561}


def test_only_what_is_wanted_is_written(organization: Organization) -> None:
    one, _ = listens(SOMEWHERE, ["invoice.paid", "invoice.opened"], now=LATER)
    other, _ = listens(SOMEWHERE + "b", ["invoice.paid"], now=LATER)
    first = first_of(organization)
    tell(first, "open", LATER)
    tell(first, "paid", LATER)
    assert kinds() == ["invoice.paid"]
    assert len(deliveries(one)) == len(deliveries(other)) == 1


def test_one_that_is_paused_collects_and_one_that_is_off_does_not(
    organization: Organization,
) -> None:
    paused, _ = listens(SOMEWHERE, now=LATER)
    off, _ = listens(SOMEWHERE + "b", now=LATER)
    pause(paused, now=LATER, actor=SUPPORT)
    switch_off(off, "It was away.", now=LATER)
    db.session.flush()
    tell(first_of(organization), "open", LATER)
    assert [one.state for one in deliveries(paused)] == ["waits"]
    assert deliveries(off) == []
    # It is there to be replayed.
    assert kinds() == ["invoice.finalized"]


def test_an_invoice_is_past_due_once_for_each_date(organization: Organization) -> None:
    listens(SOMEWHERE, ["invoice.past_due", "invoice.paid"], now=LATER)
    first = first_of(organization)
    tell(first, "open", LATER, due_date=int((LATER + DAY).timestamp()))
    db.session.commit()
    assert tell_of_late(0, most=10, now=LATER) is None
    assert kinds() == []
    for _ in range(3):
        tell_of_late(0, most=10, now=LATER + 2 * DAY)
        db.session.commit()
    assert kinds() == ["invoice.past_due"]
    said = data_of("invoice.past_due")
    assert (said["owed_cents"], said["late_since"]) == (2561, "2026-04-27T15:38:24Z")
    first.due_at = LATER + 5 * DAY
    db.session.commit()
    tell_of_late(0, most=10, now=LATER + 6 * DAY)
    tell(first, "paid", LATER + 6 * DAY)
    tell_of_late(0, most=10, now=LATER + 7 * DAY)
    assert kinds() == ["invoice.past_due", "invoice.past_due", "invoice.paid"]


def test_what_was_told_and_is_forgotten_is_not_told_again(organization: Organization) -> None:
    listens(SOMEWHERE, ["invoice.past_due"], now=LATER)
    tell(first_of(organization), "open", LATER, due_date=int((LATER + DAY).timestamp()))
    tell_of_late(0, most=10, kept_days=7, now=LATER + 2 * DAY)
    db.session.commit()
    assert forget_told(0, before=LATER + 3 * DAY, most=10) is None
    db.session.commit()
    tell_of_late(0, most=10, kept_days=7, now=LATER + 10 * DAY)
    assert kinds() == []


def test_each_status_of_a_dispute_is_told_also_one_that_comes_again(
    organization: Organization,
) -> None:
    listens(SOMEWHERE, ["invoice.corrected"], now=LATER)
    first = first_of(organization)
    tell(first, "open", LATER)
    statuses = ["needs_response", "under_review", "lost", "under_review", "lost"]
    for day, status in enumerate(statuses, 1):
        at = LATER + day * DAY
        for _ in range(2):
            kept = keep_correction(first, disputed(status, 100, as_of=at))
            tell_corrected(first, kept, now=at)
    query = select(OutgoingEvent).order_by(OutgoingEvent.id)
    said = [one.data["correction"]["status"] for one in db.session.scalars(query)]
    assert said == statuses


def test_what_is_late_is_gone_through_in_slices(organization: Organization) -> None:
    listens(SOMEWHERE, ["invoice.past_due"], now=LATER)
    first = first_of(organization)
    tell(first, "open", LATER, due_date=int((LATER + DAY).timestamp()))
    db.session.commit()
    assert tell_of_late(0, most=1, now=LATER + 2 * DAY) == first.id
    assert tell_of_late(first.id, most=1, now=LATER + 2 * DAY) is None


def test_without_who_wants_it_what_is_late_is_not_looked_for(organization: Organization) -> None:
    listens(SOMEWHERE, ["invoice.paid"], now=LATER)
    with count_queries(db.engine) as queries:
        tell_of_late(0, most=10, now=LATER)
    assert queries.count == 1


def test_another_standing_is_told(organization: Organization) -> None:
    listens(SOMEWHERE, ["standing.changed"], now=LATER)
    first = first_of(organization)
    tell(first, "open", LATER, due_date=int((LATER + DAY).timestamp()))
    set_rules(Rules(warn_after_days=1), seen=0, now=LATER, actor=SUPPORT)
    for _ in range(2):
        look([organization.id], now=LATER + 5 * DAY)
    assert kinds() == ["standing.changed"]
    assert data_of("standing.changed") == {
        "organization": organization.slug,
        "standing": {"from": "good", "to": "warned", "by": "rules"},
    }


def test_of_several_thresholds_at_one_look_the_highest_is_told(
    organization: Organization,
) -> None:
    listens(SOMEWHERE, ["budget.crossed"], now=LATER)
    organization.budget_cents = 2000
    db.session.commit()
    for _ in range(2):
        note_used([organization.id], now=LATER, is_mailed=False)
    assert kinds() == ["budget.crossed"]
    budget = data_of("budget.crossed")["budget"]
    assert isinstance(budget, dict)
    assert (budget["of"], budget["percent"], budget["amount_cents"]) == ("used", 100, 2000)


def test_where_nobody_listens_a_transaction_asks_once_and_no_more(
    organization: Organization,
) -> None:
    first = first_of(organization)
    db.session.commit()
    fact = Fact(kind="invoice.paid", subject="1", ordering_key="a", at=LATER, data={})
    with count_queries(db.engine) as queries:
        for _ in range(5):
            tell_systems([fact], now=LATER)
    assert queries.count == 1
    assert first.status == "sealed"


def test_telling_costs_two_statements_however_many_facts(organization: Organization) -> None:
    listens(SOMEWHERE, now=LATER)
    facts = [
        Fact(
            kind="invoice.paid", subject=str(number), ordering_key="a", at=LATER, data={"n": number}
        )
        for number in range(500)
    ]
    with count_queries(db.engine) as queries:
        tell_systems(facts, now=LATER)
        tell_systems([], now=LATER)
    # And one that asks who listens, in a transaction.
    assert queries.count == 2
    assert len(kinds()) == len(deliveries()) == 500
