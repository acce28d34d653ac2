"""One account, several applications: how ours is told from theirs, and what is asked of all."""

from __future__ import annotations

import time
import uuid

from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted
from dashboard.gateway.conformance.registry import Checks
from dashboard.gateway.parsing import API_VERSION

check = Checks("account")

CLAIM = {"dashboard_installation": "conformance", "dashboard_invoice": "1"}
KINDS = [f"invoice.{kind}" for kind in ("created", "updated", "deleted", "finalized", "paid")] * 5


@check("claims_are_listed", "A draft that is listed for its customer shows its metadata.")
def claims_are_listed(bench: Bench) -> None:
    customer = bench.customer()
    draft = bench.draft(customer)
    granted(bench.api.post(f"invoices/{draft['id']}", metadata=CLAIM))
    page = granted(bench.api.get("invoices", customer=customer, status="draft", limit=100))
    seen = [one["metadata"] for one in page["data"] if one["id"] == draft["id"]]
    expect(len(seen) == 1 and CLAIM.items() <= seen[0].items(), f"metadata {seen}")


@check("lists_by_time", "The drafts of all customers are listed, newest first, up to a second.")
def lists_by_time(bench: Bench) -> None:
    draft = bench.draft(bench.customer())
    until = {"lte": draft["created"]}
    page = granted(bench.api.get("invoices", status="draft", limit=100, created=until))
    seen = [one["created"] for one in page["data"]]
    expect(draft["id"] in [one["id"] for one in page["data"]], f"{draft['id']} is not listed")
    expect(seen == sorted(seen, reverse=True), f"created {seen}")
    expect(isinstance(page["has_more"], bool), f"has_more {page['has_more']}")


@check("event_is_read", "An event that is listed is read by its id.", "API: retrieve an event")
def event_is_read(bench: Bench) -> None:
    bench.draft(bench.customer())
    page = granted(bench.api.get("events", types=["invoice.created"], limit=1))
    (listed,) = page["data"]
    read = granted(bench.api.get(f"events/{listed['id']}"))
    expect(read["type"] == "invoice.created", f"type {read['type']}")


@check("customers_by_email", "Customers are found by their exact e-mail, with their metadata.")
def customers_by_email(bench: Bench) -> None:
    customer, email = bench.customer(), f"conformance-{uuid.uuid4()}@example.com"
    granted(bench.api.post(f"customers/{customer}", email=email, metadata=CLAIM))
    page = granted(bench.api.get("customers", email=email, limit=100))
    seen = [one["metadata"] for one in page["data"]]
    expect(len(seen) == 1 and CLAIM.items() <= seen[0].items(), f"metadata {seen}")


@check("customer_renamed", "A customer shows a new name and e-mail; a deleted one accepts none.")
def customer_renamed(bench: Bench) -> None:
    customer = bench.customer()
    wanted = {"name": "Renamed", "email": "renamed@example.com"}
    told = granted(bench.api.post(f"customers/{customer}", **wanted))
    read = granted(bench.api.get(f"customers/{customer}"))
    for one in (told, read):
        expect({name: one[name] for name in wanted} == wanted, f"customer {one}")
    granted(bench.api.delete(f"customers/{customer}"))
    expect_refusal(bench.api.post(f"customers/{customer}", **wanted), 404)
    left = granted(bench.api.get(f"customers/{customer}"))
    expect(left.body.get("deleted") is True, f"customer {left}")


@check("terms_of_a_draft", "A draft that was to be charged can be sent instead, and back.")
def terms_of_a_draft(bench: Bench) -> None:
    draft = bench.draft(bench.customer())
    path = f"invoices/{draft['id']}"
    told = granted(bench.api.post(path, collection_method="send_invoice", days_until_due=14))
    expect(told["collection_method"] == "send_invoice", f"method {told['collection_method']}")
    expect(told["due_date"] is not None, "no due date")
    told = granted(bench.api.post(path, collection_method="charge_automatically"))
    expect(told["collection_method"] == "charge_automatically", f"{told['collection_method']}")


@check("twenty_types", "One list of events takes twenty types and no more.", "API: list events")
def twenty_types(bench: Bench) -> None:
    since = {"gte": int(time.time())}
    granted(bench.api.get("events", types=KINDS[:20], created=since, limit=1))
    expect_refusal(bench.api.get("events", types=KINDS[:21], created=since, limit=1), 400)


@check(
    "endpoints_listed",
    "The list of webhook endpoints shows what each is sent, in which version, and if it is off.",
    "API: list webhook endpoints",
)
def endpoints_listed(bench: Bench) -> None:
    url = f"https://example.com/{uuid.uuid4()}"
    made = granted(
        bench.api.post(
            "webhook_endpoints", url=url, enabled_events=["invoice.paid"], api_version=API_VERSION
        )
    )
    try:
        granted(bench.api.post(f"webhook_endpoints/{made['id']}", disabled=True))
        page = granted(bench.api.get("webhook_endpoints", limit=100))
        (seen,) = (one for one in page["data"] if one["url"] == url)
        shown = (seen["enabled_events"], seen["api_version"], seen["status"])
        expect(shown == (["invoice.paid"], API_VERSION, "disabled"), f"endpoint {shown}")
        expect("Date" in page.headers, "no Date")
    finally:
        bench.api.delete(f"webhook_endpoints/{made['id']}")
