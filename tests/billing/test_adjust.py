"""One-off charges and credits."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.adjust import KeyReused
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.errors import Invalid, InvoiceIsFrozen
from dashboard.pricing.rating import MAX_CENTS
from tests.factories import NOW, make_organization
from tests.support.money_acts import adjust


@pytest.fixture
def invoice(db):
    return current_invoice(make_organization())


def test_a_credit_is_an_item_with_a_reason_on_record(invoice, db):
    credit = adjust(invoice)
    assert (invoice.total_cents, invoice.revision) == (-500, 1)
    [item] = invoice.items
    assert (item.kind, item.description, item.amount_cents) == ("adjustment", "Apology", -500)
    assert (item.key, item.quantity, item.cycle_id) == (
        f"adjustment:{credit.id}", 1, invoice.cycle_id,
    )  # fmt: skip
    assert (item.period_start, item.period_end) == (invoice.period_start, invoice.period_end)
    assert item.trace == {
        "model": "adjustment", "currency": "usd", "amount_cents": -500,
        "words": ["Credit added by support@example.com."],
    }  # fmt: skip
    assert (credit.actor_kind, credit.actor_id, credit.actor_label, credit.created_at) == (
        "user", 1, "support@example.com", NOW,
    )  # fmt: skip
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "adjustment.added"))
    assert (entry.reason, entry.at, entry.subject_id) == ("Outage on Monday", NOW, credit.id)
    assert entry.facts == {"cents": -500, "currency": "usd", "description": "Apology"}


def test_a_charge_is_said_to_be_one(invoice):
    adjust(invoice, 500)
    assert invoice.items[0].trace["words"] == ["Charge added by support@example.com."]


def test_the_same_key_again_adds_nothing(invoice, db):
    assert adjust(invoice) is adjust(invoice)
    assert invoice.revision == 1
    for other in ({"cents": -600}, {"description": "Sorry"}, {"reason": "Outage on Tuesday"}):
        with pytest.raises(KeyReused) as refused:
            adjust(invoice, **other)
        assert refused.value.code == "key_reused"


def test_the_same_key_of_another_organization_is_another_one(invoice, db):
    other = current_invoice(make_organization("other"))
    assert adjust(invoice) is not adjust(other)
    assert (invoice.total_cents, other.total_cents) == (-500, -500)


def test_a_sealed_invoice_refuses_and_says_where_to_add_it(invoice, db):
    following = seal_now(invoice, now=NOW + timedelta(days=1))
    with pytest.raises(InvoiceIsFrozen, match="current invoice instead"):
        adjust(invoice)
    adjust(following)
    assert (invoice.total_cents, following.total_cents) == (0, -500)


@pytest.mark.parametrize(
    ("cents", "currency", "field"),
    [
        (0, "usd", "amount_cents"),
        (5, "eur", "currency"),
        (MAX_CENTS + 1, "usd", "amount_cents"),
        (-MAX_CENTS - 1, "usd", "amount_cents"),
    ],
)
def test_nothing_too_much_or_another_currency_is_refused(invoice, db, cents, currency, field):
    with pytest.raises(Invalid, match="Nothing was added") as refused:
        adjust(invoice, cents, currency)
    assert refused.value.facts == {"field": field}
    assert db.session.scalar(select(func.count()).select_from(Adjustment)) == 0


@pytest.mark.parametrize("cents", [1, -1, MAX_CENTS, -MAX_CENTS])
def test_the_least_and_the_most_are_taken(invoice, cents):
    adjust(invoice, cents)
    assert invoice.total_cents == cents


@pytest.mark.parametrize(
    ("currency", "cents", "instead"), [("isk", 105050, "105100"), ("kwd", -1234, "-1230")]
)
def test_what_cannot_be_charged_is_refused_with_what_can(db, currency, cents, instead):
    invoice = current_invoice(make_organization(currency=currency))
    with pytest.raises(
        Invalid, match=f"Nothing was added. Send {instead}, or another multiple"
    ) as refused:
        adjust(invoice, cents, currency)
    assert refused.value.facts == {"field": "amount_cents"}
    adjust(invoice, int(instead), currency)
    assert invoice.total_cents == int(instead)
