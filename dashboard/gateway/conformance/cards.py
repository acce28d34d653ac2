"""Assumptions about cards: what their events tell, and who says why one was declined."""

from __future__ import annotations

import time

from dashboard.gateway.conformance.api import Reply
from dashboard.gateway.conformance.bench import (
    Bench,
    expect,
    expect_refusal,
    granted,
    line,
)
from dashboard.gateway.conformance.listening import told_of
from dashboard.gateway.conformance.registry import Checks

check = Checks("cards")

DECLINES = "docs: declines/codes"


def _attached(bench: Bench, card: str, customer: str) -> Reply:
    return granted(bench.api.post(f"payment_methods/{card}/attach", customer=customer))


@check("default_is_told", "The customer names the default card, not the card itself.", "API")
def default_is_told(bench: Bench) -> None:
    customer, since = bench.customer(), int(time.time()) - 60
    method = _attached(bench, "pm_card_visa", customer)
    settings = {"default_payment_method": method["id"]}
    granted(bench.api.post(f"customers/{customer}", invoice_settings=settings))
    told = told_of(bench, "customer.updated", customer, since)["object"]
    seen = told["invoice_settings"]["default_payment_method"]
    expect(seen == method["id"], f"default_payment_method {seen}")


@check("expiry_is_told", "A new expiry of a card is sent with the whole card.", "API")
def expiry_is_told(bench: Bench) -> None:
    since = int(time.time()) - 60
    method = _attached(bench, "pm_card_visa", bench.customer())
    year = time.gmtime().tm_year + 3
    path = f"payment_methods/{method['id']}"
    granted(bench.api.post(path, card={"exp_month": 2, "exp_year": year}))
    told = told_of(bench, "payment_method.updated", method["id"], since)["object"]
    shown = told["card"]
    seen = (shown["exp_month"], shown["exp_year"], shown["last4"])
    expect(seen == (2, year, "4242"), f"expiry and last digits {seen}")


@check(
    "detached_says_whose",
    "Only the previous attributes name the customer of a detached card.",
    "API",
)
def detached_says_whose(bench: Bench) -> None:
    customer, since = bench.customer(), int(time.time()) - 60
    method = _attached(bench, "pm_card_visa", customer)
    granted(bench.api.post(f"payment_methods/{method['id']}/detach"))
    told = told_of(bench, "payment_method.detached", method["id"], since)
    before = (told.get("previous_attributes") or {}).get("customer")
    seen = (told["object"]["customer"], before)
    expect(seen == (None, customer), f"customer now and before {seen}")


@check("intent_says_why", "Only its intent says why a payment was declined.", DECLINES)
def intent_says_why(bench: Bench) -> None:
    since = int(time.time()) - 60
    draft = bench.draft_with(line(5000))
    path = f"invoices/{draft['id']}"
    finalized = bench.api.post(f"{path}/finalize", auto_advance=False, expand=["payments"])
    opened = granted(finalized)
    intent = opened["payments"]["data"][0]["payment"]["payment_intent"]
    method = _attached(bench, "pm_card_chargeCustomerFail", opened["customer"])
    refused = bench.api.post(f"{path}/pay", payment_method=method["id"])
    expect_refusal(refused, 402, "card_declined")
    error = told_of(bench, "payment_intent.payment_failed", intent, since)["object"]
    told = error["last_payment_error"] or {}
    expect(told.get("decline_code"), f"last_payment_error has {sorted(told)}")
    failed = told_of(bench, "invoice.payment_failed", draft["id"], since)["object"]
    expect("last_payment_error" not in failed, "the invoice says why as well")
