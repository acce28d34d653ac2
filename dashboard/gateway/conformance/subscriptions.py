"""Assumptions about subscriptions and the invoices that they make, on which ours is billed."""

from __future__ import annotations

from typing import Any

from dashboard.gateway.conformance.api import Reply
from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

check = Checks("subscription")

PERIODS = "changelog: 2025-03-31.basil, current periods of subscription items"
PAUSE = "docs: billing/subscriptions/pause-payment"
FEE = 9900
MARKS = {"dashboard_installation": "conformance", "dashboard_invoice": "1"}
OFF = {"dashboard_installation": "", "dashboard_invoice": ""}


@check("periods_on_items", "A subscription tells its periods on its items.", PERIODS)
def periods_on_items(bench: Bench) -> None:
    made = _subscription(bench)
    (item,) = made["items"]["data"]
    ends, anchor = item["current_period_end"], made["billing_cycle_anchor"]
    expect(item["current_period_start"] < ends, f"periods of {item}")
    expect(isinstance(anchor, int), f"billing_cycle_anchor {anchor}")
    recurring = item["price"]["recurring"]
    seen = (recurring["interval"], recurring["interval_count"])
    expect(seen == ("month", 1), f"interval {seen}")


@check("invoice_names_it", "Its invoice names it under parent, and says why it was made.", PERIODS)
def invoice_names_it(bench: Bench) -> None:
    made = _subscription(bench)
    invoice = _first(bench, made)
    of = (invoice["parent"] or {}).get("subscription_details") or {}
    expect(of.get("subscription") == made["id"], f"parent {invoice['parent']}")
    reason = invoice["billing_reason"]
    expect(reason == "subscription_create", f"billing_reason {reason}")
    (told,) = bench.lines(invoice["id"])
    details = told["parent"]["subscription_item_details"]
    expect(details["subscription"] == made["id"], f"line {told['parent']}")


@check("listed_by_subscription", "Invoices are listed by the subscription that made them.")
def listed_by_subscription(bench: Bench) -> None:
    made = _subscription(bench)
    page = granted(bench.api.get("invoices", subscription=made["id"], limit=100))
    seen = [one["id"] for one in page["data"]]
    expect(seen == [made["latest_invoice"]], f"listed {seen}")


@check("issued_takes_marks", "An issued invoice still takes metadata, and gives it back.")
def issued_takes_marks(bench: Bench) -> None:
    invoice = _first(bench, _subscription(bench))
    path = f"invoices/{invoice['id']}"
    told = granted(bench.api.post(path, metadata=MARKS))
    expect(MARKS.items() <= told["metadata"].items(), f"metadata {told['metadata']}")
    told = granted(bench.api.post(path, metadata=OFF))
    expect(not MARKS.keys() & told["metadata"].keys(), f"metadata {told['metadata']}")


@check("open_is_collected_again", "An open invoice's collection can be switched off and on.")
def open_is_collected_again(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    path = f"invoices/{draft['id']}"
    granted(bench.api.post(f"{path}/finalize", auto_advance=True))
    for wanted in (False, True):
        told = granted(bench.api.post(path, auto_advance=wanted))
        expect(told["auto_advance"] is wanted, f"auto_advance {told['auto_advance']}")
        expect(told["status"] == "open", f"status {told['status']}")


@check("line_without_discount", "A line says whether coupons of its invoice take something off it.")
def line_without_discount(bench: Bench) -> None:
    draft = bench.draft()
    granted(bench.add(draft["id"], line(4000, discountable=False), line(500)))
    seen = sorted((one["amount"], one["discountable"]) for one in bench.lines(draft["id"]))
    expect(seen == [(500, True), (4000, False)], f"discountable {seen}")


@check("paused_is_told", "A subscription whose collection is paused says how.", PAUSE)
def paused_is_told(bench: Bench) -> None:
    made = _subscription(bench)
    path = f"subscriptions/{made['id']}"
    told = granted(bench.api.post(path, pause_collection={"behavior": "keep_as_draft"}))
    expect(told["pause_collection"]["behavior"] == "keep_as_draft", f"{told['pause_collection']}")
    expect(told["status"] == "active", f"status {told['status']}")
    told = granted(bench.api.post(path, pause_collection=""))
    expect(told["pause_collection"] is None, f"pause_collection {told['pause_collection']}")


@check("canceled_is_read", "A canceled subscription can be read, and says when it ended.")
def canceled_is_read(bench: Bench) -> None:
    made = _subscription(bench)
    granted(bench.api.delete(f"subscriptions/{made['id']}"))
    told = granted(bench.api.get(f"subscriptions/{made['id']}"))
    expect(told["status"] == "canceled" and told["ended_at"], f"status {told['status']}")
    page = granted(bench.api.get("subscriptions", customer=made["customer"], limit=100))
    expect(page["data"] == [], "it is listed without being asked for")


@check("unknown_is_missing", "A subscription that is not there answers 404.")
def unknown_is_missing(bench: Bench) -> None:
    expect_refusal(bench.api.get("subscriptions/sub_conformance"), 404, "resource_missing")


def _subscription(bench: Bench) -> Reply:
    """Make one that is sent, not charged; it ends with its customer, who is deleted at the end."""
    product = _product(bench)
    price: dict[str, Any] = {
        "currency": "usd",
        "product": product,
        "recurring": {"interval": "month"},
        "unit_amount": FEE,
    }
    made = bench.api.post(
        "subscriptions",
        customer=bench.customer(),
        collection_method="send_invoice",
        days_until_due=30,
        items=[{"price_data": price}],
    )
    return granted(made)


def _product(bench: Bench) -> str:
    """Return the product that its price is of; a price of a subscription cannot make one."""
    made = bench.api.post("products", name="Conformance check")
    # The simulator keeps no products and takes any.
    return str(made["id"]) if made.status == 200 else "prod_conformance"


def _first(bench: Bench, subscription: Reply) -> Reply:
    """Return its first invoice, which is put away with the rest."""
    invoice = granted(bench.api.get(f"invoices/{subscription['latest_invoice']}"))
    bench.remember(invoice)
    return invoice
