"""Assumptions about payments in trouble: to be confirmed, given back, asked back by a bank."""

from __future__ import annotations

import time

from dashboard.gateway.conformance.api import Reply
from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.listening import told_of
from dashboard.gateway.conformance.registry import Checks

check = Checks("payments")

TESTING = "docs: testing"
CENTS = 10_000
# What neither a refund nor a dispute changes of an invoice.
UNCHANGED = ("status", "amount_paid", "amount_due", "post_payment_credit_notes_amount")


def _tried(bench: Bench, card: str) -> tuple[Reply, str, Reply]:
    """Return an invoice, the intent that is to pay it, and what became of paying by this card."""
    path = f"invoices/{bench.draft_with(line(CENTS))['id']}"
    opened = granted(bench.api.post(f"{path}/finalize", auto_advance=False, expand=["payments"]))
    intent = opened["payments"]["data"][0]["payment"]["payment_intent"]
    attach = f"payment_methods/{card}/attach"
    method = granted(bench.api.post(attach, customer=opened["customer"]))
    return opened, intent, bench.api.post(f"{path}/pay", payment_method=method["id"])


def _disputes(bench: Bench, intent: str) -> list[str]:
    """Return the disputes of a payment, once there is one."""
    found: list[str] = []
    end = time.monotonic() + 15
    while not found and time.monotonic() < end:
        page = granted(bench.api.get("disputes", payment_intent=intent))
        found = [one["id"] for one in page["data"]]
    return found


def _changed(bench: Bench, paid: Reply) -> list[str]:
    read = granted(bench.api.get(f"invoices/{paid['id']}"))
    return [name for name in UNCHANGED if read[name] != paid[name]]


@check(
    "confirmation_is_asked", "A payment to confirm leaves its invoice open and says so.", TESTING
)
def confirmation_is_asked(bench: Bench) -> None:
    since = int(time.time()) - 60
    opened, intent, refused = _tried(bench, "pm_card_authenticationRequired")
    expect_refusal(refused, 402)
    told = told_of(bench, "invoice.payment_action_required", opened["id"], since)["object"]
    seen = (told["status"], told["amount_remaining"])
    expect(seen == ("open", CENTS), f"status, amount_remaining {seen}")
    expect(told["hosted_invoice_url"], "it has no page on which to confirm")
    why = told_of(bench, "payment_intent.payment_failed", intent, since)["object"]
    code = (why["last_payment_error"] or {}).get("decline_code")
    expect(code == "authentication_required", f"decline_code {code}")


@check("refund_is_told", "A refund's event names the intent that leads to its invoice.")
def refund_is_told(bench: Bench) -> None:
    since = int(time.time()) - 60
    opened, intent, reply = _tried(bench, "pm_card_visa")
    paid = granted(reply)
    for cents in (3000, 2000):
        refund = granted(bench.api.post("refunds", payment_intent=intent, amount=cents))
        told = told_of(bench, "refund.created", refund["id"], since)["object"]
        seen = (told["payment_intent"], told["amount"])
        expect(seen == (intent, cents), f"payment_intent, amount {seen}")
    changed = _changed(bench, paid)
    expect(not changed, f"changed of {opened['id']}: {', '.join(changed)}")


@check("refund_is_found", "A payment's refunds are listed with their metadata.", "API")
def refund_is_found(bench: Bench) -> None:
    _, intent, reply = _tried(bench, "pm_card_visa")
    granted(reply)
    marks = {"dashboard_refund": "7"}
    made = granted(bench.api.post("refunds", payment_intent=intent, amount=3000, metadata=marks))
    page = granted(bench.api.get("refunds", payment_intent=intent))
    seen = [(one["id"], dict(one["metadata"])) for one in page["data"]]
    expect(seen == [(made["id"], marks)], f"listed {seen}")


@check("refund_has_a_limit", "No more than was paid is refunded, in all.", "docs: refunds")
def refund_has_a_limit(bench: Bench) -> None:
    _, intent, reply = _tried(bench, "pm_card_visa")
    granted(reply)
    granted(bench.api.post("refunds", payment_intent=intent, amount=3000))
    expect_refusal(bench.api.post("refunds", payment_intent=intent, amount=CENTS - 2999), 400)
    granted(bench.api.post("refunds", payment_intent=intent, amount=CENTS - 3000))


@check("dispute_is_told", "A dispute names its intent and changes nothing of the invoice.", TESTING)
def dispute_is_told(bench: Bench) -> None:
    since = int(time.time()) - 60
    _, intent, reply = _tried(bench, "pm_card_createDispute")
    paid = granted(reply)
    found = _disputes(bench, intent)
    expect(len(found) == 1, f"{len(found)} disputes")
    told = told_of(bench, "charge.dispute.created", found[0], since)["object"]
    seen = (told["payment_intent"], told["amount"])
    expect(seen == (intent, CENTS), f"payment_intent, amount {seen}")
    expect("due_by" in told["evidence_details"], "it has no time for an answer")
    changed = _changed(bench, paid)
    expect(not changed, f"changed: {', '.join(changed)}")


@check("dispute_lost", "A dispute that is given up is lost, and its invoice stays paid.", "API")
def dispute_lost(bench: Bench) -> None:
    since = int(time.time()) - 60
    _, intent, reply = _tried(bench, "pm_card_createDispute")
    paid = granted(reply)
    page = granted(bench.api.get("disputes", payment_intent=intent))
    expect(page["data"], "no dispute was opened")
    closed = granted(bench.api.post(f"disputes/{page['data'][0]['id']}/close"))
    expect(closed["status"] == "lost", f"status {closed['status']}")
    told = told_of(bench, "charge.dispute.closed", closed["id"], since)["object"]
    expect(told["status"] == "lost", f"told as {told['status']}")
    changed = _changed(bench, paid)
    expect(not changed, f"changed: {', '.join(changed)}")


@check(
    "disputed_is_not_refunded", "What a bank asks back cannot be refunded beside.", "error codes"
)
def disputed_is_not_refunded(bench: Bench) -> None:
    _, intent, reply = _tried(bench, "pm_card_createDispute")
    granted(reply)
    expect(_disputes(bench, intent), "no dispute was opened")
    expect_refusal(bench.api.post("refunds", payment_intent=intent, amount=1000), 400)
