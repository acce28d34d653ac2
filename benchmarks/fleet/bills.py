"""Sealed bills that Stripe knows, and the events of their finalization and payment."""

from __future__ import annotations

import json
import random
import secrets
from datetime import timedelta
from functools import cache
from typing import Any

import requests
from sqlalchemy import text

from benchmarks.fleet.rows import make_fleet
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.customer_records import CustomerDraft
from dashboard.gateway.records import InvoiceDraft, LineContent
from dashboard.installation import this_installation
from dashboard.transaction import transaction
from tests.support.simulator import API_KEY, running_simulator
from tests.support.syncing import gateway_to

LINES = 12
KINDS = ("invoice.finalized", "invoice_payment.paid", "invoice.paid")
KNOWN = text("""
    update invoices set status = 'sealed', sealed_at = now(), stripe_invoice_id = 'in_' || id,
        stripe_status = 'draft', stripe_total_cents = total_cents, synced_total_cents = total_cents,
        synced_revision = revision
    where id = any(:ids)
""")


def sealed_bills(size: int) -> list[int]:
    """Return so many new bills that are sealed here and drafts at Stripe, each of twelve lines."""
    fleet = make_fleet(size, lines=LINES, metered=2, days_left=0)
    with transaction():
        db.session.execute(KNOWN, {"ids": fleet.invoices})
    return fleet.invoices


def lives_of(bills: list[int], rng: random.Random) -> list[dict[str, Any]]:
    """Return the events of all these bills, shuffled as far as a busy hour does it."""
    lives = [life(bill) for bill in bills]
    told = [
        (number + rng.random() * 40 + step * 20, one)
        for number, events in enumerate(lives)
        for step, one in enumerate(events)
    ]
    return [one for _, one in sorted(told, key=lambda pair: pair[0])]


def life(bill: int) -> list[dict[str, Any]]:
    """Return what Stripe sends once the bill is finalized and paid, oldest first."""
    names, events = sample_life()
    for name in ("in", "pi", "inpay"):
        events = events.replace(names[name], f"{name}_{bill}")
    found: list[dict[str, Any]] = json.loads(events)
    return [one | {"id": f"evt_{secrets.token_hex(12)}"} for one in found]


@cache
def sample_life() -> tuple[dict[str, str], str]:
    """Return the events of a bill at the simulator, and the ids in it to be replaced."""
    with running_simulator(check_replies=False) as simulator:
        gateway = gateway_to(simulator.url)
        with transaction():
            identity = this_installation().identity
        customer = gateway.create_customer(
            CustomerDraft("0", "Sample", "sample@example.com", identity), key="customer"
        ).id
        pay_by_card(simulator.url, customer)
        draft = InvoiceDraft(
            customer, "0", "usd", "charge_automatically", None, None, "Sample", identity
        )
        bill = gateway.create_invoice(draft, key="invoice").id
        gateway.add_lines(bill, lines(), run="1", key="lines")
        gateway.finalize(bill, key="finalize")
        simulator.advance(7200)
        listed = requests.get(f"{simulator.url}/v1/events?limit=100", auth=(API_KEY, ""), timeout=9)
    events = {one["type"]: one for one in listed.json()["data"]}
    payment = events["invoice_payment.paid"]["data"]["object"]
    names = {"in": bill, "inpay": payment["id"], "pi": payment["payment"]["payment_intent"]}
    return names, json.dumps([events[kind] for kind in KINDS])


def pay_by_card(url: str, customer: str) -> None:
    """Give the customer a card that its invoices are charged to."""
    card = "pm_card_visa"
    attach = f"{url}/v1/payment_methods/{card}/attach"
    made = requests.post(attach, auth=(API_KEY, ""), data={"customer": customer}, timeout=9)
    default = {"invoice_settings[default_payment_method]": made.json()["id"]}
    requests.post(f"{url}/v1/customers/{customer}", auth=(API_KEY, ""), data=default, timeout=9)


def lines() -> list[LineContent]:
    """Return the lines of every bill here, as benchmarks.fleet.rows makes their items."""
    end = utc_now().replace(microsecond=0)
    start = end - timedelta(days=30)
    return [
        LineContent(f"recurring:{n}", 1000 + n, f"Item {n} of a bill like any other", start, end)
        for n in range(LINES)
    ]
