"""A void invoice is told truthfully to customers and support, and decided on from its page."""

import pytest
from flask.testing import FlaskClient

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.views.formatting import money
from tests.pages import page, post, text_of
from tests.support.needs import look_now
from tests.support.void_pages import issued_and_void

ADDRESS = "/organizations/acme/invoices/1"


@pytest.fixture
def void(acme: Organization) -> Invoice:
    """Acme's first invoice, void."""
    return issued_and_void(acme)


def words_of(client: FlaskClient, address: str) -> str:
    """Return the words of a page."""
    return text_of(page(client.get(address)))


def seen(support: FlaskClient) -> str:
    """Return the amount that the page's form carries."""
    return str(
        page(support.get(f"{ADDRESS}/void-decisions/new")).select_one("[name=cents]")["value"]
    )


def decide(support: FlaskClient, **fields: str) -> int:
    """Send a decision, and return the status."""
    return post(
        support, f"{ADDRESS}/void-decisions", **({"reason": "Asked for"} | fields)
    ).status_code


def test_support_sees_the_case_wherever_work_waits(support: FlaskClient, void: Invoice) -> None:
    held = money(void.total_cents, "usd")
    assert f"{held} of this void invoice needs a decision" in words_of(support, ADDRESS)
    assert f"{held} of it is not billed anywhere: decide what to do" in words_of(
        support, "/organizations/acme"
    )
    look_now()
    assert "void and billed nothing. Bill it again, or write it off." in words_of(support, "/needs")
    assert held in words_of(support, "/needs")
    listed = words_of(support, "/organizations?attention=void")
    assert "Acme Freight" in listed
    assert "Other Labs" not in listed


def test_customers_read_that_nothing_is_owed_and_get_no_buttons(
    customer: FlaskClient, void: Invoice
) -> None:
    soup = page(customer.get(ADDRESS))
    held = money(void.total_cents, "usd")
    assert f"Our team is deciding whether to bill its {held} on a later invoice." in text_of(soup)
    assert not soup.select("a[href$='void-decisions/new']")
    assert "a decision is pending" in words_of(customer, "/organizations/acme")


def test_a_decision_bills_it_on_the_current_invoice(
    support: FlaskClient, customer: FlaskClient, void: Invoice
) -> None:
    held = void.total_cents
    before = current_invoice(void.organization).total_cents
    cents = seen(support)
    for _ in range(2):
        assert decide(support, decision="bill", cents=cents) == 303
    db.session.expire_all()
    assert current_invoice(void.organization).total_cents == before + held
    assert "Billed on invoice 2" in words_of(customer, ADDRESS)
    assert "from a void invoice" in words_of(customer, "/organizations/acme")


def test_it_is_written_off_with_a_reason_and_the_old_tab_bills_nothing(
    support: FlaskClient, customer: FlaskClient, void: Invoice
) -> None:
    before = current_invoice(void.organization).total_cents
    cents = seen(support)
    assert decide(support, decision="write_off", cents=cents, reason=" ") == 422
    assert decide(support, decision="write_off", cents=cents, reason="Our mistake") == 303
    assert decide(support, decision="bill", cents=cents) == 409
    db.session.expire_all()
    assert current_invoice(void.organization).total_cents == before
    assert "is no longer owed" in words_of(customer, ADDRESS)
    assert "Our mistake" not in words_of(customer, ADDRESS)
    assert "Our mistake" in words_of(support, ADDRESS)


@pytest.mark.parametrize("cents", ["", "abc", "1e3", "99999999999999999999"])
def test_a_damaged_form_decides_nothing(support: FlaskClient, void: Invoice, cents: str) -> None:
    assert decide(support, decision="bill", cents=cents) == 409
    assert "needs a decision" in words_of(support, ADDRESS)


def test_what_a_credit_note_had_taken_off_is_not_asked_for_again(
    support: FlaskClient, acme: Organization
) -> None:
    invoice = issued_and_void(acme, pre_payment_credit_notes_amount=500)
    before = current_invoice(acme).total_cents
    asked, held = (money(invoice.total_cents - less, "usd") for less in (500, 0))
    words = words_of(support, ADDRESS)
    assert f"Bill {asked}" in words_of(support, f"{ADDRESS}/void-decisions/new")
    assert f"Its items come to {held}. Before it was voided, $5.00 of that had been taken" in words
    assert f"{asked} of it is not billed anywhere" in words_of(support, "/organizations/acme")
    look_now()
    assert asked in words_of(support, "/needs")
    assert decide(support, decision="bill", cents=str(invoice.total_cents)) == 409
    assert decide(support, decision="bill", cents=seen(support)) == 303
    db.session.expire_all()
    current = current_invoice(acme)
    assert current.total_cents == before + invoice.total_cents - 500
    assert "Taken off invoice F-0001 before it was voided" in words_of(
        support, "/organizations/acme"
    )


def test_what_an_edit_at_stripe_had_asked_more_is_said_and_not_billed(
    support: FlaskClient, acme: Organization
) -> None:
    invoice = issued_and_void(acme, total=99_900)
    assert invoice.total_cents < 99_900
    assert "At Stripe its last total was $999.00" in words_of(support, ADDRESS)
    assert seen(support) == str(invoice.total_cents)


def test_both_choices_say_what_they_do_and_none_is_chosen(
    support: FlaskClient, void: Invoice
) -> None:
    soup = page(support.get(f"{ADDRESS}/void-decisions/new"))
    current = current_invoice(void.organization).total_cents
    now, after = money(current, "usd"), money(current + void.total_cents, "usd")
    billed, written_off = (text_of(one) for one in soup.select(".choice"))
    assert f"Ledger {now} → {after}" in billed
    assert f"Ledger {now} stays" in written_off
    assert not soup.select("input[name=decision][checked]")
    assert decide(support, cents=seen(support)) == 422
    assert decide(support, decision="bill", cents=seen(support), reason=" ") == 422
    assert current_invoice(void.organization).total_cents == current
