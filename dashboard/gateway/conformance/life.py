"""Assumptions about finalization and what comes after it."""

from __future__ import annotations

import time

from dashboard.gateway.conformance.api import Reply
from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

check = Checks("life")

TRANSITIONS = "docs: invoicing/integration/workflow-transitions"
BALANCE = "docs: billing/customer/balance"


def _finalize(bench: Bench, invoice_id: str) -> Reply:
    return bench.api.post(f"invoices/{invoice_id}/finalize", auto_advance=False)


@check("finalize", "Finalizing opens the invoice, numbers it, and gives it a page.", TRANSITIONS)
def finalize(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    expect(draft["number"] is None, f"the draft is numbered {draft['number']}")
    expect(draft["hosted_invoice_url"] is None, "the draft has a page")
    opened = granted(_finalize(bench, draft["id"]))
    expect(opened["status"] == "open", f"status {opened['status']}")
    expect(opened["number"], "it has no number")
    expect(opened["hosted_invoice_url"] and opened["invoice_pdf"], "it has no page or no PDF")
    expect(opened["amount_due"] == 5000, f"amount_due {opened['amount_due']}")


@check(
    "made_out_to",
    "An invoice names its customer as it was when it was finalized; a draft as it is now.",
    "stripe-python 16.1.0: Invoice.customer_name, customer_address",
)
def made_out_to(bench: Bench) -> None:
    customer = bench.customer()
    draft = bench.draft(customer)
    granted(bench.add(draft["id"], line(5000)))
    address = {"line1": "27 Quayside Road", "city": "Port Elwin", "country": "US"}
    granted(bench.api.post(f"customers/{customer}", name="Before", address=address))
    shown = granted(bench.api.get(f"invoices/{draft['id']}"))
    expect(shown["customer_name"] == "Before", f"the draft names {shown['customer_name']}")
    granted(_finalize(bench, draft["id"]))
    granted(bench.api.post(f"customers/{customer}", name="After"))
    issued = granted(bench.api.get(f"invoices/{draft['id']}"))
    seen = (issued["customer_name"], (issued["customer_address"] or {}).get("line1"))
    expect(seen == ("Before", "27 Quayside Road"), f"the invoice names {seen}")


@check("schedule_ends", "A finalized invoice shows no schedule.", "stripe-python 16.1.0: Invoice")
def schedule_ends(bench: Bench) -> None:
    at = int(time.time()) + 86400
    draft = bench.draft_with(line(5000), auto_advance=True, automatically_finalizes_at=at)
    opened = granted(_finalize(bench, draft["id"]))
    seen = opened["automatically_finalizes_at"]
    expect(seen is None, f"automatically_finalizes_at {seen}")


@check("lines_freeze", "Each bulk call on a finalized invoice is refused by name.")
def lines_freeze(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    line_id = draft["lines"]["data"][0]["id"]
    granted(_finalize(bench, draft["id"]))
    expect_refusal(bench.add(draft["id"], line()), 400, "invoice_not_editable")
    changed = bench.update(draft["id"], {"id": line_id, "amount": 1})
    expect_refusal(changed, 400, "invoice_not_editable")
    expect_refusal(bench.remove(draft["id"], line_id), 400, "invoice_not_editable")


@check("late_schedule", "Scheduling a finalized invoice is refused.")
def late_schedule(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    granted(_finalize(bench, draft["id"]))
    at = int(time.time()) + 86400
    expect_refusal(bench.api.post(f"invoices/{draft['id']}", automatically_finalizes_at=at), 400)


@check("metadata_stays_open", "Metadata of a finalized invoice can still be set.")
def metadata_stays_open(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    granted(_finalize(bench, draft["id"]))
    reply = bench.api.post(f"invoices/{draft['id']}", metadata={"after": "1"})
    expect(reply.status == 200, f"answered {reply.status} {reply.error_code or ''}")


@check("finalize_once", "A second finalize is refused.")
def finalize_once(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    granted(_finalize(bench, draft["id"]))
    expect_refusal(_finalize(bench, draft["id"]), 400)


@check("empty_is_refused", "A draft without lines cannot be finalized.")
def empty_is_refused(bench: Bench) -> None:
    draft = bench.draft()
    expect_refusal(_finalize(bench, draft["id"]), 400, "invoice_no_customer_line_items")


@check("zero_is_paid", "A total of zero is paid at finalization.", "docs: receipts for 0 invoices")
def zero_is_paid(bench: Bench) -> None:
    draft = bench.draft_with(line(500), line(-500))
    ended = granted(_finalize(bench, draft["id"]))
    expect(ended["status"] == "paid", f"status {ended['status']}")


@check("negative_becomes_credit", "A negative total is paid and becomes the customer's credit.")
def negative_becomes_credit(bench: Bench) -> None:
    customer = bench.customer()
    draft = bench.draft(customer)
    granted(bench.add(draft["id"], line(-900)))
    ended = granted(_finalize(bench, draft["id"]))
    expect(ended["status"] == "paid", f"status {ended['status']}")
    expect(ended["amount_due"] == 0, f"amount_due {ended['amount_due']}")
    balance = granted(bench.api.get(f"customers/{customer}"))["balance"]
    expect(balance == -900, f"balance {balance}")


@check("credit_is_used", "The next invoice uses the credit before anything is due.", BALANCE)
def credit_is_used(bench: Bench) -> None:
    customer = bench.customer()
    path = f"customers/{customer}/balance_transactions"
    granted(bench.api.post(path, amount=-1200, currency="usd"))
    draft = bench.draft(customer)
    granted(bench.add(draft["id"], line(5000)))
    opened = granted(_finalize(bench, draft["id"]))
    seen = (opened["starting_balance"], opened["ending_balance"], opened["amount_due"])
    expect(seen == (-1200, 0, 3800), f"starting, ending balance, amount due {seen}")
    expect(opened["total"] == 5000, f"total {opened['total']}")


@check(
    "too_small_waits", "Less than the minimum charge is paid and carried on the balance.", BALANCE
)
def too_small_waits(bench: Bench) -> None:
    customer = bench.customer()
    draft = bench.draft(customer, collection_method="charge_automatically")
    granted(bench.add(draft["id"], line(20)))
    ended = granted(_finalize(bench, draft["id"]))
    expect(ended["status"] == "paid", f"status {ended['status']}")
    balance = granted(bench.api.get(f"customers/{customer}"))["balance"]
    expect(balance == 20, f"balance {balance}")


@check("void", "An open invoice can be voided, and then no longer changes.", TRANSITIONS)
def void(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    granted(_finalize(bench, draft["id"]))
    ended = granted(bench.api.post(f"invoices/{draft['id']}/void"))
    expect(ended["status"] == "void", f"status {ended['status']}")
    expect_refusal(bench.api.post(f"invoices/{draft['id']}/pay"), 400)


@check(
    "too_small_is_added",
    "An amount too small to charge is billed with the next invoice.",
    BALANCE,
)
def too_small_is_added(bench: Bench) -> None:
    customer = bench.customer()
    seen = []
    for cents in (20, 5000):
        draft = bench.draft(customer, collection_method="charge_automatically")
        granted(bench.add(draft["id"], line(cents)))
        ended = granted(_finalize(bench, draft["id"]))
        seen.append((ended["starting_balance"], ended["ending_balance"], ended["amount_due"]))
    expect(seen == [(0, 20, 0), (20, 0, 5020)], f"starting, ending balance, amount due {seen}")
    moves = granted(bench.api.get(f"customers/{customer}/balance_transactions"))["data"]
    kinds = {move["type"] for move in moves}
    expect("invoice_too_small" in kinds, f"types of balance transactions {sorted(kinds)}")


@check("revision", "A revision voids the original, which names it, once finalized.", TRANSITIONS)
def revision(bench: Bench) -> None:
    original = bench.draft_with(line(5000, metadata={"invoice_item": "a"}))
    granted(_finalize(bench, original["id"]))
    wanted = {"action": "revision", "invoice": original["id"]}
    draft = granted(bench.api.post("invoices", from_invoice=wanted))
    bench.remember(draft)
    expect(draft["total"] == 5000, f"total of the revision {draft['total']}")
    revised = granted(_finalize(bench, draft["id"]))
    expect(revised["from_invoice"]["invoice"] == original["id"], f"{revised['from_invoice']}")
    ended = granted(bench.api.get(f"invoices/{original['id']}"))
    seen = (ended["status"], ended["latest_revision"])
    expect(seen == ("void", revised["id"]), f"status and latest revision {seen}")
    expect_refusal(bench.api.post("invoices", from_invoice=wanted), 400)


@check("finalized_is_not_deleted", "A finalized invoice cannot be deleted.", TRANSITIONS)
def finalized_is_not_deleted(bench: Bench) -> None:
    draft = bench.draft_with(line(5000))
    granted(_finalize(bench, draft["id"]))
    expect_refusal(bench.api.delete(f"invoices/{draft['id']}"), 400)
