"""The close of an invoice can be watched on an open page, step by step, without a reload."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboard.billing.close import close, seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import note_failure, put_on_hold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import fragment, page, text_of
from tests.people import bill_of
from tests.support.queries import count_queries

PAGE, LIVE = "/organizations/acme", "/organizations/acme/current-invoice"
STEPS = "/organizations/acme/last-invoice"
HTMX = {"HX-Request": "true"}


def tag_of(client: FlaskClient) -> str:
    """Return the tag that the page polls with."""
    return str(page(client.get(PAGE)).select_one("#bill")["hx-ptag"])


@pytest.fixture
def closing(acme: Organization) -> Invoice:
    """Acme's first invoice, closing; the next one is open."""
    with transaction():
        invoice = bill_of(acme)
        invoice.period_end = utc_now().replace(microsecond=0)
        close(invoice, now=utc_now())
    return invoice


def seal(invoice: Invoice) -> None:
    """Go on to the final comparison."""
    invoice.status, invoice.sealed_at = "sealed", utc_now()


def issue(invoice: Invoice) -> None:
    """Go on to the customer."""
    invoice.status, invoice.finalized_at, invoice.number = "open", utc_now(), "ACME-0001"
    invoice.stripe_invoice_id, invoice.last_verified_at = "in_1", utc_now()


def pay(invoice: Invoice) -> None:
    """Be done."""
    invoice.status, invoice.paid_at = "paid", utc_now()


def decline(invoice: Invoice) -> None:
    """Not be paid."""
    note_failure(invoice, 1, "Declined", at=utc_now())


def hold(invoice: Invoice) -> None:
    """Wait for a person."""
    put_on_hold(invoice, "differs", "The totals differ.", now=utc_now())


def test_each_step_of_the_close_is_another_state_of_an_open_page(
    customer: FlaskClient, closing: Invoice
) -> None:
    tags = [tag_of(customer)]
    for step in (seal, issue, decline, pay):
        with transaction():
            step(closing)
        answer = customer.get(LIVE, headers={**HTMX, "HX-PTag": tags[-1]})
        assert answer.status_code == 200, step.__name__
        tags.append(answer.headers["HX-PTag"])
    assert len(set(tags)) == len(tags)
    assert "Paid on" in text_of(fragment(answer))


def steps(client: FlaskClient) -> list[tuple[str, str]]:
    """Return the words of the steps with how they stand."""
    shown = page(client.get(PAGE)).select(".close-steps li")
    return [(one.select_one("span").text, one["class"][0].removeprefix("is-")) for one in shown]


def test_the_steps_say_how_far_it_is(customer: FlaskClient, closing: Invoice) -> None:
    later = [("Checked", "next"), ("Issued", "next"), ("Paid", "next")]
    assert steps(customer) == [("Closing", "now"), *later]
    with transaction():
        seal(closing)
    assert steps(customer) == [("Closing", "done"), ("Checked", "now"), *later[1:]]
    with transaction():
        issue(closing)
    assert [how for _, how in steps(customer)] == ["done", "done", "done", "now"]
    with transaction():
        decline(closing)
    assert steps(customer)[-1] == ("Declined", "failed")
    with transaction():
        pay(closing)
    assert [how for _, how in steps(customer)] == ["done"] * 4


def test_one_on_hold_does_not_go_on(customer: FlaskClient, closing: Invoice) -> None:
    with transaction():
        seal(closing)
        hold(closing)
    assert steps(customer)[1] == ("Being checked", "failed")
    assert "Nothing is charged before that." in text_of(page(customer.get(PAGE)))


def test_while_it_moves_it_is_asked_for_more_often_and_then_no_more(
    customer: FlaskClient, closing: Invoice
) -> None:
    def moving() -> list[str]:
        return [
            one["hx-get"] for one in page(customer.get(PAGE)).select('#bill [hx-trigger^="every"]')
        ]

    assert moving() == []
    with transaction():
        seal(closing)
    assert moving() == [STEPS]
    answer = customer.get(STEPS, headers=HTMX)
    assert "every" in fragment(answer).select_one("section")["hx-trigger"]
    tag = answer.headers["HX-PTag"]
    with count_queries(db.engine) as queries:
        assert customer.get(STEPS, headers={**HTMX, "HX-PTag": tag}).status_code == 304
    assert queries.count == 1
    for step in (issue, pay):
        with transaction():
            step(closing)
    over = fragment(customer.get(STEPS, headers={**HTMX, "HX-PTag": tag}))
    assert over.select_one("section").get("hx-trigger") is None
    assert moving() == []


def test_the_figure_that_started_over_is_explained_for_a_day(
    customer: FlaskClient, closing: Invoice
) -> None:
    assert "so this figure started over" in text_of(page(customer.get(PAGE)))
    with transaction():
        closing.closing_at = utc_now() - timedelta(hours=25)
    assert "started over" not in text_of(page(customer.get(PAGE)))


def test_a_first_invoice_has_none_before_it(customer: FlaskClient, people: object) -> None:
    assert page(customer.get(PAGE)).select(".close-steps") == []
    assert customer.get(STEPS, headers=HTMX).status_code == 204


def test_an_invoice_that_billed_nothing_ends_with_the_check(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=invoice.period_end)
        invoice.status, invoice.total_cents = "paid", 0
        invoice.finalized_at = invoice.paid_at = utc_now()
    assert steps(customer) == [("Closing", "done"), ("Checked", "done")]
    assert "Nothing was billed" in text_of(page(customer.get(PAGE)))


def test_invoices_further_back_that_are_not_settled_are_listed(
    customer: FlaskClient, closing: Invoice, acme: Organization
) -> None:
    for step in (seal, issue):
        with transaction():
            step(closing)
    with transaction():
        following = bill_of(acme)
        seal_now(following, now=following.period_end)
    [listed] = page(customer.get(PAGE)).select("section[aria-labelledby=unfinished-title] tbody tr")
    assert "ACME-0001" in text_of(listed)


def test_one_whose_credit_went_to_the_balance_was_paid_by_nobody(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        invoice = bill_of(acme)
        seal_now(invoice, now=invoice.period_end)
        invoice.status, invoice.total_cents = "paid", -900
        invoice.stripe_invoice_id, invoice.number = "in_1", "ACME-0001"
        invoice.finalized_at = invoice.paid_at = utc_now()
    assert steps(customer)[-1] == ("Nothing to pay", "done")
    said = text_of(page(customer.get(PAGE)))
    assert "Nothing to pay; $9.00 went to the balance at Stripe." in said
    for path in ("/organizations/acme/invoices/1", "/organizations/acme/timeline"):
        said = text_of(page(customer.get(path)))
        assert "nothing to pay" in said.lower()
        assert "paid, $" not in said
    assert "Paid" not in text_of(page(customer.get("/organizations/acme/invoices/1/document")))
