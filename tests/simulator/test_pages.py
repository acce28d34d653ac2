"""The simulator's pages: the bill a customer pays, the portal, and a dashboard to meddle with."""

import re
from urllib.parse import urljoin

import pytest
import requests
from bs4 import BeautifulSoup

from tests.simulator.shop import BAD_CARD, Shop
from tests.support.simulator import SimulatorControl


def _get(url: str) -> BeautifulSoup:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return BeautifulSoup(answer.text, "html5lib")


def _submit(url: str, button: str, **fields: str) -> requests.Response:
    """Press the button of the page at `url`, with its form's own values and these."""
    form = next(one for one in _get(url).find_all("form") if button in one.button.text)
    own = {one["name"]: one.get("value", "") for one in form.find_all("input")}
    return requests.post(urljoin(url, form["action"]), data=own | fields, timeout=10)


def test_the_hosted_page_shows_the_bill_and_takes_the_money(shop: Shop) -> None:
    opened = shop.opened(5000, -500, customer=shop.customer(BAD_CARD).id)
    page = _get(opened.hosted_invoice_url)
    assert opened.number in page.h1.text
    assert "45.00 USD" in page.text

    paid = _submit(opened.hosted_invoice_url, "Pay this invoice")

    assert "Paid" in paid.text
    assert shop.read(opened.id).status == "paid"


def test_paying_a_bill_twice_is_refused_on_the_page(shop: Shop) -> None:
    opened = shop.opened(5000)
    first = requests.post(f"{opened.hosted_invoice_url}/pay", timeout=10)
    second = requests.post(f"{opened.hosted_invoice_url}/pay", timeout=10)

    assert (first.status_code, second.status_code) == (200, 400)
    assert "already paid" in second.text


def test_a_draft_has_no_page(shop: Shop, simulator: SimulatorControl) -> None:
    shop.draft(100)

    assert requests.get(f"{simulator.url}/i/none", timeout=10).status_code == 404


def test_the_pdf_is_one_with_every_line(shop: Shop) -> None:
    opened = shop.opened(*range(1000, 1100))

    answer = requests.get(opened.invoice_pdf, timeout=10)

    document = answer.content
    assert answer.headers["Content-Type"] == "application/pdf"
    assert document.startswith(b"%PDF-1.4")
    assert document.count(b"/Type /Page ") == 2
    assert b"Line 1099" in document


def test_the_tables_of_the_pdf_point_at_its_objects(shop: Shop) -> None:
    document = requests.get(shop.opened(5000).invoice_pdf, timeout=10).content

    start = int(re.findall(rb"startxref\n(\d+)", document)[0])
    offsets = [int(one) for one in re.findall(rb"(\d{10}) 00000 n", document[start:])]
    for number, offset in enumerate(offsets, start=1):
        assert document[offset:].startswith(b"%d 0 obj" % number)


def test_the_portal_lists_bills_and_changes_the_card(shop: Shop) -> None:
    opened = shop.opened(5000, customer=shop.customer(BAD_CARD).id)
    session = shop.client.billing_portal.sessions.create(
        {"customer": opened.customer, "return_url": "https://shop.test/billing"}
    )
    page = _get(session.url)
    assert page.find("a", href="https://shop.test/billing")
    assert page.find("a", href=opened.hosted_invoice_url).text == opened.number

    changed = _submit(session.url, "4242")

    assert "Visa ending 4242" in changed.text
    assert shop.client.invoices.pay(opened.id).status == "paid"


def test_a_portal_session_is_short_lived(shop: Shop, simulator: SimulatorControl) -> None:
    session = shop.client.billing_portal.sessions.create({"customer": shop.customer().id})

    simulator.advance(2 * 3600)

    assert requests.get(session.url, timeout=10).status_code == 404


def test_a_portal_configuration_is_kept_and_used(shop: Shop) -> None:
    configurations = shop.client.billing_portal.configurations
    made = configurations.create({"features": {"invoice_history": {"enabled": True}}})
    configurations.update(made.id, {"default_return_url": "https://shop.test"})

    session = shop.client.billing_portal.sessions.create(
        {"customer": shop.customer().id, "configuration": made.id}
    )

    assert (session.configuration, session.return_url) == (made.id, "https://shop.test")
    assert configurations.list().data[0].features.invoice_history.enabled


def test_somebody_can_meddle_with_a_draft(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft(100)
    page = f"{simulator.url}/_simulator/dashboard/invoices/{draft.id}"

    _submit(page, "Add line", description="Goodwill", amount="-30")
    _submit(page, "Change", amount="250")

    lines = shop.lines(draft.id)
    assert [(line.amount, line.description) for line in lines] == [
        (250, "Line 100"),
        (-30, "Goodwill"),
    ]
    _submit(page, "Remove")
    assert shop.read(draft.id).total == -30


def test_meddling_is_told_without_a_key_of_ours(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft(100)

    _submit(
        f"{simulator.url}/_simulator/dashboard/invoices/{draft.id}",
        "Add line",
        description="x",
        amount="1",
    )

    event = shop.client.events.list({"type": "invoice.updated"}).data[0]
    assert event.request.idempotency_key is None


@pytest.mark.parametrize(
    ("button", "status"), [("Finalize", "open"), ("Delete draft", None), ("Add line", "draft")]
)
def test_a_draft_can_be_moved_on_by_hand(
    shop: Shop, simulator: SimulatorControl, button: str, status: str | None
) -> None:
    draft = shop.draft(5000)

    answer = _submit(
        f"{simulator.url}/_simulator/dashboard/invoices/{draft.id}",
        button,
        description="x",
        amount="1",
    )

    assert answer.status_code == 200
    listed = shop.client.invoices.list({"customer": draft.customer}).data
    assert [one.status for one in listed] == ([status] if status else [])


def test_the_dashboard_says_why_it_can_not(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft()

    answer = _submit(f"{simulator.url}/_simulator/dashboard/invoices/{draft.id}", "Finalize")

    assert answer.status_code == 400
    assert "Nothing to invoice" in answer.text


def test_the_index_lists_invoices_and_customers(shop: Shop, simulator: SimulatorControl) -> None:
    draft = shop.draft(100)

    page = _get(f"{simulator.url}/")

    assert page.find("a", string=draft.id)
    assert "Tarn" in page.text
    style = requests.get(urljoin(simulator.url, page.link["href"]), timeout=10)
    assert style.headers["Content-Type"].startswith("text/css")
