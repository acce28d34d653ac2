"""The control surface: log, audit, clock, reset; and the server under it."""

import http.client
from urllib.parse import urlsplit

import pytest
import requests
import stripe

from tests.simulator.shop import Shop
from tests.support.simulator import API_KEY, SimulatorControl, running_simulator


def _line(own: str, amount: int = 100) -> dict[str, object]:
    return {"amount": amount, "metadata": {"dashboard_item": own}, "period": {"start": 1, "end": 2}}


def test_every_request_is_in_the_log_with_its_operation(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft()
    before = simulator.calls()[-1]["seq"]

    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a")]}, {"idempotency_key": "k"})

    (entry,) = simulator.calls(since=before)
    assert entry["operation"] == "POST /v1/invoices/{invoice}/add_lines"
    assert entry["path"] == f"/v1/invoices/{draft.id}/add_lines"
    assert (entry["status"], entry["idempotency_key"], entry["replayed"]) == (200, "k", False)


def test_a_refused_request_is_in_the_log_too(shop: Shop, simulator: SimulatorControl) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.read("in_none")

    assert simulator.calls()[-1]["status"] == 404


def test_the_log_can_be_emptied_and_numbers_go_on(shop: Shop, simulator: SimulatorControl) -> None:
    shop.customer(None)
    last = simulator.calls()[-1]["seq"]

    simulator.delete("requests")
    shop.customer(None)

    assert [entry["seq"] for entry in simulator.calls()] == [last + 1]


def test_the_audit_finds_a_line_that_is_there_twice(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft()
    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a"), _line("b")]})
    assert simulator.get("audit") == {"ok": True, "duplicates": [], "lines": 2}

    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a", 7)]})

    found = simulator.get("audit")
    assert not found["ok"]
    assert [one["item"] for one in found["duplicates"]] == ["a"]


def test_the_audit_finds_the_same_line_on_two_invoices(
    shop: Shop, simulator: SimulatorControl
) -> None:
    for _ in range(2):
        shop.client.invoices.add_lines(shop.draft().id, {"lines": [_line("a")]})

    assert not simulator.get("audit")["ok"]


def test_a_void_invoice_does_not_count_in_the_audit(
    shop: Shop, simulator: SimulatorControl
) -> None:
    for _ in range(2):
        draft = shop.draft()
        shop.client.invoices.add_lines(draft.id, {"lines": [_line("a", 5000)]})
        shop.client.invoices.finalize_invoice(draft.id, {"auto_advance": False})
    shop.client.invoices.void_invoice(draft.id)

    assert simulator.get("audit")["ok"]


def test_a_revision_asks_for_nothing_before_it_is_finalized(
    shop: Shop, simulator: SimulatorControl
) -> None:
    draft = shop.draft()
    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a", 5000)]})
    shop.client.invoices.finalize_invoice(draft.id, {"auto_advance": False})
    origin = {"action": "revision", "invoice": draft.id}
    shop.client.invoices.create({"from_invoice": origin})

    assert simulator.get("audit")["ok"]


def test_the_clock_is_set_moved_and_told(simulator: SimulatorControl) -> None:
    simulator.post("clock", now=2_000_000_000)
    simulator.advance(60)

    assert 0 <= simulator.get("clock")["now"] - 2_000_000_060 < 5


def test_reset_forgets_everything(shop: Shop, simulator: SimulatorControl) -> None:
    customer = shop.customer()
    simulator.fault("slow", seconds=5)
    simulator.advance(86400)

    simulator.reset()

    assert shop.client.customers.list().data == []
    assert (simulator.get("faults"), simulator.get("clock")["offset_seconds"] < 1) == ([], True)
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.customers.retrieve(customer.id)


def test_a_connection_serves_many_requests(simulator: SimulatorControl) -> None:
    connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=10)
    for _ in range(3):
        connection.request("GET", "/_simulator/health")
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.will_close) == (200, False)
    used = connection.sock
    assert used is not None
    connection.close()


def test_the_version_and_the_request_are_named_in_every_reply(simulator: SimulatorControl) -> None:
    headers = {"Authorization": f"Bearer {API_KEY}", "Stripe-Version": "2026-10-28.endive"}

    answer = requests.get(f"{simulator.url}/v1/customers", headers=headers, timeout=10)

    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
    assert answer.headers["Request-Id"].startswith("req_")


def test_without_a_schema_bodies_are_read_by_guessing() -> None:
    with running_simulator(schema=None, check_replies=False) as simulator:
        shop = Shop(stripe.StripeClient(API_KEY, base_addresses={"api": simulator.url}).v1)
        draft = shop.draft(100, auto_advance=True, metadata={"invoice": "7"})

        assert (draft.total, shop.read(draft.id).metadata["invoice"]) == (100, "7")
