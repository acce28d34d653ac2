"""Charges and credits from the form."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from dashboard.audit.models import AuditEntry
from dashboard.billing.models import Adjustment
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.views.formatting import money
from tests.factories import make_organization
from tests.pages import fragment, page, post, text_of
from tests.people import bill_of

ADDRESS = "/organizations/acme/adjustments"
GOOD = {
    "direction": "credit",
    "amount": "1,012.50",
    "description": "Outage credit",
    "reason": "Two hours down",
    "key": "one-form",
    "confirmed": "-101250",
}


def test_a_credit_is_on_the_bill_and_on_record(support: FlaskClient, acme: Organization) -> None:
    before = bill_of(acme).total_cents
    answer = post(support, ADDRESS, **GOOD)
    assert answer.location == "/organizations/acme"
    db.session.expire_all()
    assert bill_of(acme).total_cents == before - 101250
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.reason) == ("adjustment.added", "Two hours down")
    assert entry.actor_label == "support@example.com"
    assert "The credit of $1,012.50 is on the current invoice" in text_of(
        page(support.get("/organizations/acme"))
    )


def test_nothing_is_chosen_at_first(support: FlaskClient, acme: Organization) -> None:
    soup = page(support.get(f"{ADDRESS}/new"))
    assert soup.select("input[name=direction]")
    assert not soup.select("input[name=direction][checked]")


@pytest.mark.parametrize("confirmed", [None, "", "101250", "-101251"])
def test_what_it_would_do_is_shown_before_it_is_done(
    support: FlaskClient, acme: Organization, confirmed: str | None
) -> None:
    before = bill_of(acme).total_cents
    fields = GOOD | {"confirmed": confirmed} if confirmed is not None else GOOD
    fields = {name: value for name, value in fields.items() if confirmed or name != "confirmed"}
    soup = page(post(support, ADDRESS, **fields))
    db.session.expire_all()
    assert bill_of(acme).total_cents == before
    words = text_of(soup.main)
    # What holds a minus to its figure is no part of the text that is read.
    after = money(before - 101250, "usd").replace("\N{WORD JOINER}", "")
    assert f"Ledger {money(before, 'usd')} → {after}" in words
    assert "The bill shrinks by $1,012.50" in words
    form = soup.main.find("form")
    assert form.select_one("button.btn-primary").text == "Credit $1,012.50"
    assert form.select_one("[name=confirmed]")["value"] == "-101250"
    again = post(support, ADDRESS, **(fields | {"confirmed": "-101250"}))
    assert again.location == "/organizations/acme"


def test_sending_the_form_twice_adjusts_once(support: FlaskClient, acme: Organization) -> None:
    before = db.session.scalar(select(func.count(Adjustment.id)))
    post(support, ADDRESS, **GOOD)
    post(support, ADDRESS, **GOOD)
    assert db.session.scalar(select(func.count(Adjustment.id))) == before + 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("amount", "", "Enter an amount"),
        ("amount", "0", "above zero"),
        ("amount", "-5", "above zero"),
        ("amount", "12,50", "A comma may only separate thousands, as in 123,456.78."),
        ("amount", "NaN", "in digits, with a point before the decimals, such as 25.00."),
        ("amount", "1.005", "2 decimal places"),
        ("amount", "99999999999", "at most 999,999,999"),
        ("description", "", "what the customer will see"),
        ("description", "A\0B", "cannot be shown (U+0000) was removed"),
        ("description", "Outage\nfree", "(U+000A)"),
        ("description", "Outage \u202etiderc", "(U+202E)"),
        ("reason", "A\0B", "(U+0000)"),
        ("reason", " ", "Enter a reason"),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field(
    support: FlaskClient, acme: Organization, field: str, value: str, words: str
) -> None:
    before = bill_of(acme).revision
    soup = page(post(support, ADDRESS, **(GOOD | {field: value})), 422)
    wrong = soup.find(("input", "textarea"), attrs={"name": field})
    assert wrong["aria-invalid"] == "true"
    told = [soup.find(id=name) for name in wrong["aria-describedby"].split()]
    assert any(words in text_of(note) for note in told)
    db.session.expire_all()
    assert bill_of(acme).revision == before


def test_customers_see_charges_without_our_reasons(customer: FlaskClient) -> None:
    words = text_of(page(customer.get(ADDRESS)))
    assert "Goodwill credit" in words
    assert "Outage" not in words
    assert "support@example.com" not in words


def test_in_the_panel_errors_stay_there_and_success_leads_the_page_on(support: FlaskClient) -> None:
    support.environ_base |= {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "div#panel-body"}
    assert fragment(post(support, ADDRESS, **(GOOD | {"amount": ""})), 422).find("main") is None
    answer = post(support, ADDRESS, **GOOD)
    assert (answer.status_code, answer.location) == (204, None)
    assert answer.headers["HX-Redirect"] == "/organizations/acme"


def test_a_wrong_amount_is_told_one_mistake(support: FlaskClient, acme: Organization) -> None:
    soup = page(post(support, ADDRESS, **(GOOD | {"amount": "9" * 23})), 422)
    assert text_of(soup.find(id="amount-error")).count(".") == 1


def test_the_example_is_an_amount_of_the_currency(support: FlaskClient) -> None:
    with transaction():
        make_organization("moonlit", anchor=utc_now(), now=utc_now(), currency="jpy")
    address = "/organizations/moonlit/adjustments"
    hint = text_of(page(support.get(f"{address}/new")).find(id="amount-hint"))
    assert hint == "In JPY, such as 2500"
    made = post(support, address, **(GOOD | {"amount": "2500", "confirmed": "-2500"}))
    assert made.location == "/organizations/moonlit"


@pytest.mark.parametrize("direction", [{}, {"direction": "gift"}], ids=["missing", "unknown"])
def test_neither_charge_nor_credit_is_said_beside_the_choice(
    support: FlaskClient, acme: Organization, direction: dict[str, str]
) -> None:
    fields = {name: value for name, value in GOOD.items() if name != "direction"} | direction
    soup = page(post(support, ADDRESS, **fields), 422)
    assert text_of(soup.find(id="direction-error")) == "Choose a charge or a credit."
    assert not soup.select("input[name=direction][checked]"), "nobody chose"


@pytest.mark.parametrize("key", [None, "", "k" * 65, "a\0b", "waived-1", "proposal:4"])
def test_a_form_without_a_good_key_says_so_and_has_a_new_one(
    support: FlaskClient, acme: Organization, key: str | None
) -> None:
    fields = {name: value for name, value in (GOOD | {"key": key}).items() if value is not None}
    soup = page(post(support, ADDRESS, **fields), 422)
    assert "Part of the form is missing" in text_of(soup.find(attrs={"role": "alert"}))
    renewed = soup.find("input", attrs={"name": "key"})["value"]
    assert len(renewed) == 36
    assert post(support, ADDRESS, **(GOOD | {"key": renewed})).status_code == 303


def test_an_empty_form_names_every_field(support: FlaskClient, acme: Organization) -> None:
    soup = page(post(support, ADDRESS), 422)
    named = {tag["id"] for tag in soup.select(".form-error")}
    assert named == {"direction-error", "amount-error", "description-error", "reason-error"}


def test_two_who_use_a_key_at_once_are_told_so(
    support: FlaskClient, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(support, ADDRESS, **GOOD)
    # As on two invoices, whose locks do not hold each other up: neither sees the other's row.
    monkeypatch.setattr("dashboard.billing.adjust.adjustment_by_key", lambda *_: None)
    words = text_of(page(post(support, ADDRESS, **GOOD), 409))
    assert "Another request did the same thing at the same moment" in words
    assert "Nothing was changed" in words
