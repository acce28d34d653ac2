"""Support changes who is billed and how, and decides where Stripe's customer differs."""

import pytest
from flask.testing import FlaskClient

from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of

ADDRESS = "/organizations/acme/details"
SENT = {"collection_method": "send_invoice", "days_until_due": "14", "tags": "vip, Berlin"}


def filled(support: FlaskClient) -> dict[str, str]:
    """Return what the form says as it is shown."""
    soup = page(support.get(f"{ADDRESS}/edit"))
    inputs = soup.select("form.form-narrow input")
    chosen = [one for one in inputs if one["type"] != "radio" or one.has_attr("checked")]
    said = {one["name"]: one.get("value", "") for one in chosen if one["name"] != "csrf_token"}
    picked = soup.select("form.form-narrow option[selected]")
    return said | {one.find_parent("select")["name"]: one["value"] for one in picked}


def test_the_details_change_as_the_form_says(support: FlaskClient, acme: Organization) -> None:
    form = filled(support)
    assert (form["name"], form["collection_method"]) == ("Acme Freight", "charge_automatically")
    answer = post(support, ADDRESS, **form | {"name": "Acme Two"} | SENT)
    assert answer.location.endswith(ADDRESS)
    words = text_of(page(support.get(ADDRESS)))
    assert "The details are changed." in words
    assert "Acme Two" in words
    assert "due in 14 days" in words
    assert "Tags Berlin" in words


def test_a_form_that_cannot_be_used_is_shown_again_with_what_was_typed(
    support: FlaskClient, acme: Organization
) -> None:
    wrong = {"email": "nobody", "collection_method": "send_invoice", "name": "Acme Two"}
    answer = post(support, ADDRESS, **filled(support) | wrong)
    words = text_of(page(answer, 422))
    assert "Enter the days until an invoice is due." in words
    answer = post(support, ADDRESS, **filled(support) | wrong | {"days_until_due": "5"})
    assert "That is not an e-mail address." in text_of(page(answer, 422))


def test_an_old_form_changes_nothing(support: FlaskClient, acme: Organization) -> None:
    old = filled(support)
    post(support, ADDRESS, **old | {"name": "Acme Two"})
    answer = post(support, ADDRESS, **old | {"name": "Acme Three"})
    assert "Another person changed these details." in text_of(page(answer, 409))


def test_days_of_charged_invoices_are_dropped(support: FlaskClient, acme: Organization) -> None:
    answer = post(support, ADDRESS, **filled(support) | {"days_until_due": "14", "name": "B"})
    assert answer.status_code == 303


def test_a_customer_sees_no_tags_and_no_button(customer: FlaskClient, acme: Organization) -> None:
    words = text_of(page(customer.get(ADDRESS)))
    assert "Tags" not in words
    assert "Change" not in words.split()


@pytest.fixture
def renamed(acme: Organization, people: object) -> Organization:
    """Acme, whose customer at Stripe somebody renamed."""
    with transaction():
        acme.stripe_customer_id, acme.agreed_customer = "cus_1", acme.customer
        acme.customer_at_stripe = {"name": "Acme GmbH", "email": "post@acme.example"}
    return acme


@pytest.mark.parametrize(
    ("decision", "name"), [("take_theirs", "Acme GmbH"), ("send_ours", "Acme Freight")]
)
def test_support_decides_which_name_holds(
    support: FlaskClient, renamed: Organization, decision: str, name: str
) -> None:
    assert "Decide which to keep" in text_of(page(support.get("/organizations/acme")))
    words = text_of(page(support.get(ADDRESS)))
    assert "At Stripe the name is “Acme GmbH” and the e-mail is post@acme.example." in words
    post(support, f"{ADDRESS}/decision", decision=decision)
    soup = page(support.get(ADDRESS))
    assert soup.h1.text == name
    assert "The customer was changed at Stripe" not in text_of(soup)
    again = post(support, f"{ADDRESS}/decision", decision=decision)
    assert "no longer differs" in text_of(page(again, 409))


def test_a_customer_is_not_told_of_it(customer: FlaskClient, renamed: Organization) -> None:
    assert "at Stripe. Nothing" not in text_of(page(customer.get(ADDRESS)))
    assert "was changed at Stripe" not in text_of(page(customer.get("/organizations/acme")))


def test_another_decision_is_none(support: FlaskClient, renamed: Organization) -> None:
    answer = post(support, f"{ADDRESS}/decision", decision="both")
    assert "That is not a decision." in text_of(page(answer, 422))


BERLIN = {"line1": "Unter den Linden 1", "postal_code": "10117", "city": "Berlin", "country": "DE"}


def test_an_address_is_kept_as_it_was_typed_and_shown_to_the_customer(
    support: FlaskClient, customer: FlaskClient, acme: Organization
) -> None:
    assert "Billing address Kept at Stripe" in text_of(page(support.get(ADDRESS)))
    post(support, ADDRESS, **filled(support) | BERLIN | {"tax_exempt": "exempt"})
    assert (acme.address, acme.tax_exempt) == (BERLIN, "exempt")
    words = text_of(page(customer.get(ADDRESS)))
    assert "Unter den Linden 1" in words
    assert "Exempt from tax" in words
    assert filled(support)["country"] == "DE"
    document = text_of(page(support.get("/organizations/acme/invoices/1/document")))
    assert "Acme Freight Unter den Linden 1" in document
    empty = dict.fromkeys((*BERLIN, "tax_exempt"), "")
    post(support, ADDRESS, **filled(support) | empty)
    words = text_of(page(support.get(ADDRESS)))
    assert "Billing address Kept at Stripe" in words
    assert "Exempt from tax" not in words


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"city": "Berlin"}, "An address needs its country"),
        ({"country": "ZZ"}, "An address needs its country"),
        ({"tax_exempt": "never"}, "Choose one of the list."),
    ],
)
def test_an_address_that_is_none_is_refused_beside_its_field(
    support: FlaskClient, acme: Organization, wrong: dict[str, str], said: str
) -> None:
    answer = post(support, ADDRESS, **filled(support) | wrong)
    assert said in text_of(page(answer, 422))
    assert acme.address is None


def test_another_address_at_stripe_is_told_beside_ours(
    support: FlaskClient, renamed: Organization
) -> None:
    with transaction():
        renamed.address = BERLIN
        theirs = {"address": {"country": "FR"}, "tax_exempt": "reverse"}
        renamed.customer_at_stripe = renamed.customer | theirs
    words = text_of(page(support.get(ADDRESS)))
    assert "The address is FR. It is marked for reverse charge. Neither side" in words
