"""The control surface: log, audit, clock, reset; and the server under it."""

import http.client
from urllib.parse import urlsplit

import pytest
import requests
import stripe

from tests.sandbox.shop import Shop
from tests.support.sandbox import API_KEY, SandboxControl, running_sandbox


def _line(own: str, amount: int = 100) -> dict[str, object]:
    return {"amount": amount, "metadata": {"dashboard_item": own}, "period": {"start": 1, "end": 2}}


def test_every_request_is_in_the_log_with_its_operation(
    shop: Shop, sandbox: SandboxControl
) -> None:
    draft = shop.draft()
    before = sandbox.calls()[-1]["seq"]

    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a")]}, {"idempotency_key": "k"})

    (entry,) = sandbox.calls(since=before)
    assert entry["operation"] == "POST /v1/invoices/{invoice}/add_lines"
    assert entry["path"] == f"/v1/invoices/{draft.id}/add_lines"
    assert (entry["status"], entry["idempotency_key"], entry["replayed"]) == (200, "k", False)


def test_a_refused_request_is_in_the_log_too(shop: Shop, sandbox: SandboxControl) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.read("in_none")

    assert sandbox.calls()[-1]["status"] == 404


def test_the_log_can_be_emptied_and_numbers_go_on(shop: Shop, sandbox: SandboxControl) -> None:
    shop.customer(None)
    last = sandbox.calls()[-1]["seq"]

    sandbox.delete("requests")
    shop.customer(None)

    assert [entry["seq"] for entry in sandbox.calls()] == [last + 1]


def test_the_audit_finds_a_line_that_is_there_twice(shop: Shop, sandbox: SandboxControl) -> None:
    draft = shop.draft()
    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a"), _line("b")]})
    assert sandbox.get("audit") == {"ok": True, "duplicates": [], "lines": 2}

    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a", 7)]})

    found = sandbox.get("audit")
    assert not found["ok"]
    assert [one["item"] for one in found["duplicates"]] == ["a"]


def test_the_audit_finds_the_same_line_on_two_invoices(shop: Shop, sandbox: SandboxControl) -> None:
    for _ in range(2):
        shop.client.invoices.add_lines(shop.draft().id, {"lines": [_line("a")]})

    assert not sandbox.get("audit")["ok"]


def test_a_void_invoice_does_not_count_in_the_audit(shop: Shop, sandbox: SandboxControl) -> None:
    for _ in range(2):
        draft = shop.draft()
        shop.client.invoices.add_lines(draft.id, {"lines": [_line("a", 5000)]})
        shop.client.invoices.finalize_invoice(draft.id, {"auto_advance": False})
    shop.client.invoices.void_invoice(draft.id)

    assert sandbox.get("audit")["ok"]


def test_a_revision_asks_for_nothing_before_it_is_finalized(
    shop: Shop, sandbox: SandboxControl
) -> None:
    draft = shop.draft()
    shop.client.invoices.add_lines(draft.id, {"lines": [_line("a", 5000)]})
    shop.client.invoices.finalize_invoice(draft.id, {"auto_advance": False})
    origin = {"action": "revision", "invoice": draft.id}
    shop.client.invoices.create({"from_invoice": origin})

    assert sandbox.get("audit")["ok"]


def test_the_clock_is_set_moved_and_told(sandbox: SandboxControl) -> None:
    sandbox.post("clock", now=2_000_000_000)
    sandbox.advance(60)

    assert 0 <= sandbox.get("clock")["now"] - 2_000_000_060 < 5


def test_reset_forgets_everything(shop: Shop, sandbox: SandboxControl) -> None:
    customer = shop.customer()
    sandbox.fault("slow", seconds=5)
    sandbox.advance(86400)

    sandbox.reset()

    assert shop.client.customers.list().data == []
    assert (sandbox.get("faults"), sandbox.get("clock")["offset_seconds"] < 1) == ([], True)
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.customers.retrieve(customer.id)


def test_a_connection_serves_many_requests(sandbox: SandboxControl) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)
    for _ in range(3):
        connection.request("GET", "/_sandbox/health")
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.will_close) == (200, False)
    used = connection.sock
    assert used is not None
    connection.close()


def test_the_version_and_the_request_are_named_in_every_reply(sandbox: SandboxControl) -> None:
    headers = {"Authorization": f"Bearer {API_KEY}", "Stripe-Version": "2026-10-28.endive"}

    answer = requests.get(f"{sandbox.url}/v1/customers", headers=headers, timeout=10)

    assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
    assert answer.headers["Request-Id"].startswith("req_")


def test_without_a_schema_bodies_are_read_by_guessing() -> None:
    with running_sandbox(schema=None, check_replies=False) as sandbox:
        shop = Shop(stripe.StripeClient(API_KEY, base_addresses={"api": sandbox.url}).v1)
        draft = shop.draft(100, auto_advance=True, metadata={"invoice": "7"})

        assert (draft.total, shop.read(draft.id).metadata["invoice"]) == (100, "7")
