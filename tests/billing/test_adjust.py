"""One-off charges and credits."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.adjust import KeyReused, add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.errors import Invalid, InvoiceIsFrozen
from dashboard.money import Money
from tests.factories import NOW, SUPPORT, make_organization


@pytest.fixture
def invoice(db):
    return current_invoice(make_organization())


def adjust(invoice, cents=-500, currency="usd", key="k", **more):
    wanted = {"reason": "Outage on Monday", "description": "Apology"} | more
    return add_adjustment(
        invoice, Money(cents, currency), key=key, actor=SUPPORT, now=NOW, **wanted
    )


def test_a_credit_is_an_item_with_a_reason_on_record(invoice, db):
    adjust(invoice)
    assert (invoice.total_cents, invoice.revision) == (-500, 1)
    [item] = invoice.items
    assert (item.kind, item.description, item.amount_cents) == ("adjustment", "Apology", -500)
    entry = db.session.scalar(select(AuditEntry).where(AuditEntry.action == "adjustment.added"))
    assert (entry.reason, entry.facts["cents"]) == ("Outage on Monday", -500)


def test_the_same_key_again_adds_nothing(invoice, db):
    assert adjust(invoice) is adjust(invoice)
    assert invoice.revision == 1
    with pytest.raises(KeyReused, match="Use a new key"):
        adjust(invoice, -600)


def test_a_sealed_invoice_refuses_and_says_where_to_add_it(invoice, db):
    following = seal_now(invoice, now=NOW + timedelta(days=1))
    with pytest.raises(InvoiceIsFrozen, match="current invoice instead"):
        adjust(invoice)
    adjust(following)
    assert (invoice.total_cents, following.total_cents) == (0, -500)


@pytest.mark.parametrize(("cents", "currency"), [(0, "usd"), (5, "eur"), (10**16, "usd")])
def test_nothing_too_much_or_another_currency_is_refused(invoice, db, cents, currency):
    with pytest.raises(Invalid, match="Nothing was added"):
        adjust(invoice, cents, currency)
    assert db.session.scalar(select(func.count()).select_from(Adjustment)) == 0


@pytest.mark.parametrize(
    ("currency", "cents", "instead"), [("isk", 105050, "105100"), ("kwd", -1234, "-1230")]
)
def test_what_cannot_be_charged_is_refused_with_what_can(db, currency, cents, instead):
    invoice = current_invoice(make_organization(currency=currency))
    with pytest.raises(Invalid, match=f"Nothing was added. Send {instead}, or another multiple"):
        adjust(invoice, cents, currency)
    adjust(invoice, int(instead), currency)
    assert invoice.total_cents == int(instead)
