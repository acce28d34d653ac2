"""One box for everything, on every page and as a page of its own."""

from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from dashboard.accounts.models import User
from dashboard.billing.correction_models import Correction
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine, SyncedLine, SyncRun, SyncStep
from dashboard.transaction import transaction
from dashboard.views.search import marked
from dashboard.webhooks.models import WebhookEvent
from tests.factories import MembershipFactory, PriceFactory, make_service
from tests.pages import fragment, page, text_of
from tests.people import People, bill_of, make_bill
from tests.support.added_lines import add_line
from tests.support.queries import count_queries

HTMX = {"HX-Request": "true"}


def groups(soup: BeautifulSoup) -> dict[str, list[str]]:
    """Return the results by the title of their group."""
    found = soup.select(".palette-results [role=group], [data-said-of] [role=group]")
    return {one["aria-label"]: [text_of(row) for row in one.select("a")] for one in found}


def ask(client: FlaskClient, text: str) -> dict[str, list[str]]:
    """Return what the palette shows of a text."""
    return groups(fragment(client.get("/search", query_string={"q": text}, headers=HTMX)))


@pytest.fixture
def known(acme: Organization, people: People) -> Organization:
    """Acme, with an id of everything that has one at Stripe."""
    now = utc_now()
    with transaction():
        acme.stripe_customer_id, acme.external_id, acme.tags = "cus_1", "account-9", ["vip"]
        bill = bill_of(acme)
        bill.stripe_invoice_id, bill.number = "in_1", "2F41-0009"
        of = {"organization_id": acme.id, "invoice_id": bill.id}
        run = SyncRun(**of, trigger="scheduled", actor_kind="system", actor_label="System",
                      created_at=now)  # fmt: skip
        database.session.add(run)
        database.session.flush()
        step = SyncStep(**of, run_id=run.id, position=1, operation="add_lines", body={}, fence=1,
                        idempotency_key="k", sent_at=now, stripe_request_id="req_1")  # fmt: skip
        line = SyncedLine(**of, key="a", stripe_line_id="il_1", amount_cents=1, description="",
                          period_start=now, period_end=now)  # fmt: skip
        event = WebhookEvent(stripe_event_id="evt_1", type="invoice.paid", payload={},
                             created_at=now, received_at=now)  # fmt: skip
        # A call that no sync made, and the note that it made.
        alone = SyncStep(**of, position=1, operation="issue_credit_note", body={}, fence=1,
                         idempotency_key="n", sent_at=now, stripe_request_id="req_2")  # fmt: skip
        note = Correction(**of, kind="credit_note", stripe_id="cn_1", status="issued",
                          amount_cents=1, made_at=now)  # fmt: skip
        database.session.add_all([step, line, event, alone, note])
        add_line(acme, "il_theirs", None)
    return acme


@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("cus_1", "/organizations/acme"),
        ("account-9", "/organizations/acme"),
        ("acme", "/organizations/acme"),
        ("in_1", "/organizations/acme"),
        ("2F41-0009", "/organizations/acme"),
        ("2f41-0009", "/organizations/acme"),
        ("il_1", "/organizations/acme"),
        (" il_theirs ", "/organizations/acme"),
        ("cn_1", "/organizations/acme"),
        ("req_2", "/organizations/acme"),
    ],
)
def test_an_exact_id_goes_straight_to_what_it_names(
    support: FlaskClient, known: Organization, text: str, leads_to: str
) -> None:
    answer = support.get("/search", query_string={"q": text})
    assert (answer.status_code, answer.location) == (303, leads_to)


def test_an_event_and_a_request_to_stripe_lead_to_their_own_pages(
    support: FlaskClient, known: Organization
) -> None:
    for text, part in (("evt_1", "/webhook-events/"), ("req_1", "/organizations/acme/syncs/")):
        location = support.get("/search", query_string={"q": text}).location
        assert location.startswith(part)
        assert support.get(location).status_code == 200
        assert ask(support, text)["Exactly this"] == [text]


def test_what_is_typed_is_found_in_groups_of_a_fixed_order(
    support: FlaskClient, known: Organization
) -> None:
    found = ask(support, "acme")
    assert list(found) == ["Organizations", "Actions on Acme Freight"]
    assert found["Organizations"][0].startswith("Acme Freight acme $")
    assert found["Actions on Acme Freight"][0] == "Preview sync what would be sent now"
    assert list(ask(support, "vip")) == ["Organizations", "Actions on Acme Freight"]


def test_services_are_found_by_how_their_name_or_label_begins(
    support: FlaskClient, customer: FlaskClient, people: People, acme: Organization
) -> None:
    with transaction():
        price = PriceFactory(name="Medium server", version__unit_amount=Decimal(100))
        make_service(acme, price, now=utc_now(), external_id="harbor-cache", label="Cache")
    for client in (support, customer):
        for text in ("harbor-", "cach"):
            [found] = ask(client, text)["Services and people"]
            assert "Medium server, Acme Freight" in found
    assert "Services and people" not in ask(support, "arbor")


def test_places_are_found_by_their_names(support: FlaskClient, admin: FlaskClient) -> None:
    assert ask(support, "audit trail")["Pages"] == ["Audit trail"]
    assert "API token s" in ask(admin, "token")["Pages"]
    assert "Pages" not in ask(support, "API tok")


def test_a_customers_address_finds_their_organizations_and_where_they_are_a_member(
    support: FlaskClient, acme: Organization, people: People
) -> None:
    with transaction():
        MembershipFactory(
            user=database.session.get(User, people.customer),
            organization_id=make_bill("kettle").id,
            role="reader",
        )
    found = ask(support, "Customer@example.com")
    assert [one.split()[0] for one in found["Organizations"]] == ["Acme", "Kettle"]
    assert found["Services and people"] == [
        "customer@example.com Carla, owner of Acme Freight",
        "customer@example.com Carla, reader of Kettle",
    ]
    soup = page(support.get("/search", query_string={"q": "customer@example.com"}))
    links = [one["href"] for one in soup.select(".palette-results a[href$=members]")]
    assert links == ["/organizations/acme/members", "/organizations/kettle/members"]
    assert support.get(links[0]).status_code == 200
    assert "Acme Freight" in text_of(page(support.get("/organizations?q=customer%40example.com")))


def test_an_admin_is_led_from_an_address_to_the_person(
    admin: FlaskClient, people: People, acme: Organization
) -> None:
    found = ask(admin, "Customer@example.com")["Services and people"]
    assert found[0] == "customer@example.com Carla Customer"
    assert found[1].endswith("owner of Acme Freight")
    assert ask(admin, "support@example.com")["Services and people"]


def test_an_address_says_nothing_of_our_own_people_to_support_nor_of_anybody_to_a_customer(
    support: FlaskClient, customer: FlaskClient, acme: Organization
) -> None:
    assert "Services and people" not in ask(support, "support@example.com")
    assert ask(customer, "customer@example.com") == {}


def test_nothing_that_is_found_acts(support: FlaskClient, known: Organization) -> None:
    soup = page(support.get("/search", query_string={"q": "freight"}))
    assert soup.select("main form[method=post]") == []
    for link in soup.select(".palette-results a"):
        assert support.get(link["href"], follow_redirects=True).status_code == 200


def test_a_customer_finds_only_their_own(
    customer: FlaskClient, known: Organization, people: People
) -> None:
    with transaction():
        theirs = bill_of(make_bill("rival", name="Acme Rival"))
        theirs.number, theirs.stripe_invoice_id = "SECRET-1", "in_2"
    assert [one.split(" acme")[0] for one in ask(customer, "acme")["Organizations"]] == [
        "Acme Freight"
    ]
    assert "Actions on Acme Freight" not in ask(customer, "acme")
    for text in (
        "rival",
        "SECRET-1",
        "in_2",
        "in_1",
        "cus_1",
        "evt_1",
        "req_1",
        "il_1",
        "cn_1",
        "vip",
    ):
        answer = customer.get("/search", query_string={"q": text})
        assert answer.status_code == 200
        assert "No match for" in answer.text
    assert ask(customer, "2F41-0009")["Invoices"][0].startswith("2F41-0009 Acme Freight,")


def test_who_finds_nothing_reads_what_they_can_find(
    customer: FlaskClient, support: FlaskClient, known: Organization
) -> None:
    said = {
        name: text_of(page(client.get("/search?q=nothing-of-that")))
        for name, client in (("customer", customer), ("support", support))
    }
    for words in ("slug or e-mail", "whole id"):
        assert words in said["support"]
        assert words not in said["customer"]
    assert "a whole invoice number" in said["customer"]


def test_who_left_an_organization_finds_it_no_more(
    customer: FlaskClient, known: Organization, people: People
) -> None:
    with transaction():
        second = MembershipFactory(
            user=database.session.get(User, people.customer), organization_id=make_bill("kettle").id
        )
    assert "Kettle" in str(ask(customer, "kettle")["Organizations"])
    with transaction():
        database.session.delete(second)
    assert ask(customer, "kettle") == {}


def test_a_search_is_as_many_statements_whatever_there_is(
    support: FlaskClient, known: Organization
) -> None:
    with count_queries(database.engine) as few:
        ask(support, "freight")
    for number in range(7):
        make_bill(f"freight-{number}", name=f"Freight {number}")
    with count_queries(database.engine) as more:
        ask(support, "freight")
    assert (few.count, more.count) == (4, 4)


def test_what_is_marked_is_no_markup() -> None:
    assert marked("Harbour <b>", "harb") == "<mark>Harb</mark>our &lt;b&gt;"
    assert marked("a<b", "<") == "a<mark>&lt;</mark>b"
    assert marked("İstanbul", "i") == "İstanbul"
    assert marked("Harbour", "") == "Harbour"


def test_every_page_has_the_palette_and_the_way_to_the_page(support: FlaskClient) -> None:
    soup = page(support.get("/organizations"))
    assert soup.select_one(".jump")["href"] == "/search"
    assert soup.select_one("#palette form")["action"] == "/search"


def test_a_line_that_was_removed_names_nothing(support: FlaskClient, known: Organization) -> None:
    with transaction():
        database.session.query(AddedLine).delete()
    assert "No match" in text_of(page(support.get("/search?q=il_theirs")))
