"""Subscriptions: periods on the simulator's clock, and the invoices that renewals bring."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from dateutil.relativedelta import relativedelta

from simulator.engine.errors import ApiError, missing, refused
from simulator.engine.metadata import merged
from simulator.engine.paging import page
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id
from simulator.resources.customers import find_customer
from simulator.resources.finalize import finalize_draft
from simulator.resources.invoice_access import shown
from simulator.resources.invoice_terms import GRACE_SECONDS, blank, schedule
from simulator.resources.invoice_view import difference
from simulator.resources.line_terms import new_item
from simulator.resources.subscription_view import render_subscription

LIVING = ("active", "trialing", "past_due")


def create(call: Call) -> Record:
    """POST /v1/subscriptions: with `price_data`; the first invoice is final at once."""
    given = call.params
    customer = find_customer(call.store, given["customer"])
    items = [_item(one) for one in given["items"]]
    trial_end = given.get("trial_end")
    anchor = int(trial_end or given.get("billing_cycle_anchor") or call.now)
    subscription: Record = {
        "id": new_id("sub"),
        "anchor": anchor,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": given.get("collection_method", "charge_automatically"),
        "created": call.now,
        "currency": items[0]["currency"],
        "customer": customer["id"],
        "days_until_due": given.get("days_until_due"),
        "ended_at": None,
        "items": items,
        "latest_invoice": None,
        "metadata": merged({}, given.get("metadata")),
        "pause_collection": None,
        "period_end": anchor if anchor > call.now else following(items[0], anchor, call.now),
        "period_start": call.now,
        "status": "trialing" if trial_end else "active",
        "trial_end": int(trial_end) if trial_end else None,
    }
    call.store.put("subscription", subscription)
    plan(call, subscription)
    if not trial_end:
        first = make_invoice(call, subscription, "subscription_create")
        with suppress(ApiError):
            finalize_draft(call, first)
    call.emit("customer.subscription.created", render_subscription(subscription))
    return render_subscription(subscription)


def _item(given: Record) -> Record:
    price = given["price_data"]
    recurring = price["recurring"]
    return {
        "id": new_id("si"),
        "amount": int(price.get("unit_amount") or 0) * int(given.get("quantity", 1)),
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": int(recurring.get("interval_count", 1)),
        "product": price["product"],
    }


def retrieve(call: Call) -> Record:
    """GET /v1/subscriptions/{subscription_exposed_id}."""
    return render_subscription(from_path(call))


def list_all(call: Call) -> Record:
    """GET /v1/subscriptions, newest first; those that ended only where they are asked for."""
    wanted = call.params
    state = wanted.get("status")
    found = [
        one
        for one in reversed(call.store.all("subscription").values())
        if wanted.get("customer") in (None, one["customer"])
        and (state == "all" or (one["status"] == state if state else one["status"] != "canceled"))
    ]
    return page(found, wanted, url="/v1/subscriptions", render=render_subscription)


def update(call: Call) -> Record:
    """POST /v1/subscriptions/{subscription_exposed_id}: pausing of its collection, its end."""
    subscription = from_path(call)
    if subscription["status"] == "canceled":
        raise refused("A canceled subscription can only update its cancellation_details.")
    before = render_subscription(subscription)
    given = call.params
    if "pause_collection" in given:
        paused = given["pause_collection"]
        subscription["pause_collection"] = None if paused == "" else {"resumes_at": None, **paused}
    if "cancel_at_period_end" in given:
        subscription["cancel_at_period_end"] = given["cancel_at_period_end"]
    subscription["metadata"] = merged(subscription["metadata"], given.get("metadata"))
    return tell_changed(call, subscription, before)


def cancel(call: Call) -> Record:
    """DELETE /v1/subscriptions/{subscription_exposed_id}: at once, and without an invoice."""
    subscription = from_path(call)
    if subscription["status"] == "canceled":
        raise missing("subscription", subscription["id"], param="id")
    end(call, subscription)
    return render_subscription(subscription)


def from_path(call: Call) -> Record:
    """Return the subscription that the path names. Raises 404 resource_missing."""
    identifier = call.ids["subscription_exposed_id"]
    subscription = call.store.get("subscription", identifier)
    if subscription is None:
        raise missing("subscription", identifier, param="id")
    return subscription


def tell_changed(call: Call, subscription: Record, before: Record) -> Record:
    """Keep a subscription, and tell of what is other than `before`."""
    call.store.put("subscription", subscription)
    after = render_subscription(subscription)
    previous = difference(before, after)
    if previous:
        call.emit("customer.subscription.updated", after, previous)
    return after


def end(call: Call, subscription: Record) -> None:
    """Cancel it, now; drafts and open invoices of it go no further by themselves."""
    subscription |= {"status": "canceled", "canceled_at": call.now, "ended_at": call.now}
    call.store.put("subscription", subscription)
    plan(call, subscription)
    for invoice in call.store.all("invoice").values():
        if invoice.get("subscription") == subscription["id"] and invoice["status"] == "draft":
            invoice |= {"auto_advance": False, "automatically_finalizes_at": None}
            call.store.put("invoice", invoice)
            schedule(call.simulator, invoice)
    call.emit("customer.subscription.deleted", render_subscription(subscription))


def plan(call: Call, subscription: Record) -> None:
    """Set when it renews; one that is paused or over never does."""
    at = subscription["period_end"] if subscription["status"] in LIVING else None
    call.simulator.timers.set("renew", subscription["id"], at)


def renew_on_time(call: Call, subscription_id: str) -> None:
    """Begin the next period and make its invoice, or end what was to end with this one."""
    subscription = call.store.get("subscription", subscription_id)
    if subscription is None or subscription["status"] not in LIVING:
        return
    if subscription["cancel_at_period_end"]:
        end(call, subscription)
        return
    before = render_subscription(subscription)
    began = subscription["period_end"]
    if subscription["status"] == "trialing":
        subscription["status"] = "active"
    subscription["period_start"] = began
    subscription["period_end"] = following(subscription["items"][0], subscription["anchor"], began)
    plan(call, subscription)
    if any(item["amount"] for item in subscription["items"]):
        bill(call, subscription)
    tell_changed(call, subscription, before)


def bill(call: Call, subscription: Record) -> None:
    """Make the invoice of a period that began, as the pausing of collection lets it."""
    invoice = make_invoice(call, subscription, "subscription_cycle")
    paused = (subscription["pause_collection"] or {}).get("behavior")
    if paused == "void":
        invoice["status_transitions"]["voided_at"] = call.now
        _end_invoice(call, invoice, "void", "invoice.voided")
    elif paused == "mark_uncollectible":
        invoice["status_transitions"]["marked_uncollectible_at"] = call.now
        _end_invoice(call, invoice, "uncollectible", "invoice.marked_uncollectible")


def _end_invoice(call: Call, invoice: Record, status: str, kind: str) -> None:
    finalize_draft(call, invoice)
    invoice |= {"status": status, "auto_advance": False}
    call.simulator.timers.set("pay", invoice["id"], None)
    call.store.put("invoice", invoice)
    call.emit(kind, shown(call, invoice))


def make_invoice(call: Call, subscription: Record, reason: str) -> Record:
    """Make a draft of the subscription's own lines, which are billed in advance."""
    customer = find_customer(call.store, subscription["customer"])
    invoice = blank(call, customer)
    goes_on = subscription["pause_collection"] is None
    invoice |= {
        "auto_advance": goes_on,
        "automatically_finalizes_at": call.now + GRACE_SECONDS if goes_on else None,
        "billing_reason": reason,
        "collection_method": subscription["collection_method"],
        "currency": subscription["currency"],
        "days_until_due": subscription["days_until_due"],
        "percent_off": subscription.get("percent_off", 0),
        "subscription": subscription["id"],
        "subscription_metadata": dict(subscription["metadata"]),
    }
    for item in subscription["items"]:
        add_line(call, invoice, subscription, item["amount"], item=item)
    call.store.put("invoice", invoice)
    schedule(call.simulator, invoice)
    subscription["latest_invoice"] = invoice["id"]
    call.store.put("subscription", subscription)
    call.emit("invoice.created", shown(call, invoice))
    return invoice


def add_line(
    call: Call, invoice: Record, subscription: Record, cents: int, *, item: Record | None = None
) -> None:
    """Put a line of the subscription on a draft; without an item it is a proration."""
    words = "Unused time" if item is None else f"1 × {item['product']}"
    period = {"start": subscription["period_start"], "end": subscription["period_end"]}
    given = {"amount": cents, "description": words, "period": period}
    row = new_item(invoice, given, now=call.now, param="lines[0]")
    row["subscription"] = subscription["id"]
    row["subscription_item"] = None if item is None else item["id"]
    call.store.put("invoiceitem", row)
    invoice["items"].append(row["id"])


def following(item: Record, anchor: int, after: int) -> int:
    """Return the first boundary after `after`; months are counted from the anchor's day, in UTC."""
    begun, k = datetime.fromtimestamp(anchor, UTC), 0
    step = {f"{item['interval']}s": item["interval_count"]}
    while True:
        k += 1
        scaled = {name: count * k for name, count in step.items()}
        at = int((begun + relativedelta(**scaled)).timestamp())
        if at > after:
            return at


ROUTES: dict[str, Handler] = {
    "POST /v1/subscriptions": create,
    "GET /v1/subscriptions": list_all,
    "GET /v1/subscriptions/{subscription_exposed_id}": retrieve,
    "POST /v1/subscriptions/{subscription_exposed_id}": update,
    "DELETE /v1/subscriptions/{subscription_exposed_id}": cancel,
}
