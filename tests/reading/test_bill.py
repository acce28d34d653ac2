"""The billing page reads rows of its own; they say what the ledger and the sync say."""

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from redis import Redis

from dashboard.billing.balance import balance_ahead
from dashboard.billing.models import Invoice
from dashboard.billing.overview import items_of, shown_status, unfinished_of
from dashboard.billing.revision import touch
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.reading.bill import live_bill
from dashboard.reading.earlier import EarlierInvoice
from dashboard.reading.line_syncs import line_syncs
from dashboard.reading.sync_status import status_of
from dashboard.sync.models import AddedLine
from dashboard.transaction import transaction
from tests.people import bill_of, make_bill
from tests.support.bill_changes import CHANGES, NOW, agree, find_foreign
from tests.support.money_acts import issue_at_stripe, put_on_balance
from tests.support.reading import bill_on_page, opened_by_support, tag_on_page


@pytest.fixture
def acme(db: SQLAlchemy, redis: Redis) -> Organization:
    """An organization with a fee, usage and a credit."""
    return make_bill("acme")


@pytest.mark.parametrize("name", CHANGES)
def test_a_page_says_of_the_sync_what_the_sync_says(acme: Organization, name: str) -> None:
    with transaction():
        agree(bill_of(acme))
    with transaction():
        CHANGES[name](bill_of(acme)) if name != "agreed" else None
    invoice = bill_of(acme)
    shown, items = bill_on_page(invoice, now=NOW), items_of(invoice)
    said, wanted = shown.sync, status_of(invoice)
    for word in (
        "state",
        "sentence",
        "plainly",
        "equal_at",
        "added",
        "held_by",
        "is_unscheduled",
    ):
        assert getattr(said, word) == getattr(wanted, word), word
    assert (said.run and said.run.id) == (wanted.run and wanted.run.id)
    assert shown.lines == line_syncs(invoice, items)
    assert len({line.state for line in shown.lines.values()}) == 2


def test_a_page_lists_the_items_as_the_ledger_has_them(acme: Organization) -> None:
    invoice = bill_of(acme)
    items = items_of(invoice)
    shown = bill_on_page(invoice, now=NOW).items
    assert [one.id for one in shown] == [one.id for one in items]
    names = ("kind", "key", "description", "quantity", "amount_cents", "billed_cents")
    for name in (*names, "period_start", "period_end", "unit_label"):
        assert [getattr(one, name) for one in shown] == [getattr(one, name) for one in items]


def test_the_total_is_that_of_the_items_shown_when_usage_is_counted_in_between(
    acme: Organization,
) -> None:
    opened = opened_by_support(bill_of(acme))
    draft = opened.draft
    assert opened.organization is not None
    assert draft is not None
    with transaction():
        items_of(bill_of(acme))[0].amount_cents += 700
        touch(bill_of(acme), now=NOW)
    shown = live_bill(opened.organization, draft, for_staff=True, now=NOW)
    assert shown.invoice.total_cents == sum(item.billed_cents for item in shown.items)
    assert shown.asks_cents == draft.invoice.total_cents + 700


@pytest.mark.parametrize("name", [one for one in CHANGES if one != "agreed"])
def test_whatever_the_region_shows_has_another_tag(acme: Organization, name: str) -> None:
    with transaction():
        agree(bill_of(acme))
    before = tag_on_page(bill_of(acme), now=NOW)
    assert before == tag_on_page(bill_of(acme), now=NOW)
    with transaction():
        CHANGES[name](bill_of(acme))
    assert before != tag_on_page(bill_of(acme), now=NOW)


def test_a_line_decided_anew_has_another_tag(acme: Organization) -> None:
    tags = []
    with transaction():
        find_foreign(bill_of(acme))
    for decision in (None, "leave", "take_ours"):
        with transaction():
            database.session.query(AddedLine).one().decision = decision
        tags.append(tag_on_page(bill_of(acme), now=NOW))
    assert len(set(tags)) == 3


def test_how_the_next_charge_is_collected_is_part_of_the_tag(acme: Organization) -> None:
    before = tag_on_page(bill_of(acme), now=NOW)
    with transaction():
        acme.collection_method, acme.days_until_due = "send_invoice", 30
    assert before != tag_on_page(bill_of(acme), now=NOW)


def test_the_tag_moves_with_the_forecast(acme: Organization) -> None:
    later = NOW + timedelta(minutes=5)
    assert tag_on_page(bill_of(acme), now=NOW) != tag_on_page(bill_of(acme), now=later)


@pytest.mark.parametrize("after", [0, 30, -4000, None])
def test_a_page_knows_what_is_on_the_balance(acme: Organization, after: int | None) -> None:
    following = issue_at_stripe(bill_of(acme), due=0, before=0, after=0, status="paid")
    with transaction():
        bill = bill_of(acme)
        earlier = bill.organization and database.session.get_one(Invoice, bill.previous_invoice_id)
        earlier.ending_balance_cents = after
    ahead, wanted = bill_on_page(following, now=NOW).ahead, balance_ahead(following)
    assert (ahead is None) == (wanted is None)
    if ahead and wanted:
        assert (ahead.source.called, ahead.cents) == (wanted.source.called, wanted.cents)


def test_a_page_that_is_open_learns_of_a_credit_note_on_the_balance(acme: Organization) -> None:
    other = bill_of(make_bill("other"))
    issue_at_stripe(other, due=5800, before=0, after=0, status="paid")
    with transaction():
        put_on_balance(other, 900)
    paid = bill_of(acme)
    draft = issue_at_stripe(paid, due=5800, before=0, after=0, status="paid")
    tags = [tag_on_page(draft, now=NOW)]
    for cents in (700, 300):
        with transaction():
            put_on_balance(paid, cents)
        tags.append(tag_on_page(draft, now=NOW))
    ahead = bill_on_page(draft, now=NOW).ahead
    assert ahead == balance_ahead(draft)
    assert ahead is not None
    assert (ahead.cents, ahead.noted_cents) == (-1000, 1000)
    opened = opened_by_support(draft)
    assert opened.draft is not None
    assert opened.draft.last_issued is not None
    assert opened.draft.last_issued.moves == 2
    assert len(set(tags)) == 3


def test_a_page_knows_what_void_invoices_gave_back_to_the_balance(acme: Organization) -> None:
    following = issue_at_stripe(bill_of(acme), due=5800, before=-2600, after=0)
    void_id = following.previous_invoice_id
    draft = issue_at_stripe(following, due=0, before=0, after=0)
    with transaction():
        void = database.session.get_one(Invoice, void_id)
        void.status, void.voided_at = "void", following.finalized_at + timedelta(seconds=1)
    ahead, wanted = bill_on_page(draft, now=NOW).ahead, balance_ahead(draft)
    assert ahead == wanted
    assert ahead is not None
    assert (ahead.cents, ahead.is_given_back) == (-2600, True)


def test_no_page_knows_an_invoice_of_another_organization(acme: Organization) -> None:
    other = make_bill("other")
    issue_at_stripe(bill_of(other), due=8400, before=0, after=0)
    issue_at_stripe(bill_of(other), due=100, before=0, after=0, status="paid")
    before = tag_on_page(bill_of(acme), now=NOW)
    assert bill_on_page(bill_of(acme), now=NOW).earlier == []
    assert [one.currency for one in bill_on_page(bill_of(other), now=NOW).earlier] == ["usd"] * 2
    issue_at_stripe(bill_of(other), due=200, before=0, after=0)
    assert tag_on_page(bill_of(acme), now=NOW) == before


def test_a_page_knows_the_invoice_before_and_those_that_are_not_settled(
    acme: Organization,
) -> None:
    assert bill_on_page(bill_of(acme), now=NOW).earlier == []
    issue_at_stripe(bill_of(acme), due=8400, before=0, after=0)
    issue_at_stripe(bill_of(acme), due=100, before=0, after=0, status="paid")
    last, unsettled = bill_on_page(bill_of(acme), now=NOW).earlier
    [(invoice, _)] = unfinished_of(acme)
    assert (last.status, last.is_settled) == ("paid", True)
    assert unsettled.sequence == invoice.sequence
    for name in EarlierInvoice._fields[:-2]:
        assert getattr(unsettled, name) == getattr(invoice, name), name
    assert unsettled.shown(NOW) == shown_status(invoice, NOW)
    assert unsettled.is_off_portal(NOW) == (invoice.finalized_at <= NOW)
