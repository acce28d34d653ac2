"""Assumptions about a draft: its schedule, its emptiness, its end."""

from __future__ import annotations

import time

from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

DAY = 24 * 60 * 60
check = Checks("draft")

SCHEDULED = "docs: invoicing/scheduled-finalization"
CREATE = "API reference: create an invoice"


def _tomorrow(days: int = 1) -> int:
    return int(time.time()) + days * DAY


@check("schedule_reads_back", "A draft is scheduled for exactly the time we ask for.", SCHEDULED)
def schedule_reads_back(bench: Bench) -> None:
    wanted = _tomorrow()
    draft = bench.draft(auto_advance=True, automatically_finalizes_at=wanted)
    expect(draft["status"] == "draft", f"status {draft['status']}")
    expect(draft["auto_advance"] is True, f"auto_advance {draft['auto_advance']}")
    seen = draft["automatically_finalizes_at"]
    expect(seen == wanted, f"asked for {wanted}, reads {seen}")


@check("schedule_moves", "A draft's schedule can be moved while it is a draft.", SCHEDULED)
def schedule_moves(bench: Bench) -> None:
    draft = bench.draft(auto_advance=True, automatically_finalizes_at=_tomorrow())
    later = _tomorrow(3)
    path = f"invoices/{draft['id']}"
    moved = granted(bench.api.post(path, automatically_finalizes_at=later, auto_advance=True))
    seen = moved["automatically_finalizes_at"]
    expect(seen == later, f"asked for {later}, reads {seen}")


@check("hold", "Switching auto_advance off holds the draft.", SCHEDULED)
def hold(bench: Bench) -> None:
    draft = bench.draft(auto_advance=True, automatically_finalizes_at=_tomorrow())
    held = granted(bench.api.post(f"invoices/{draft['id']}", auto_advance=False))
    expect(held["auto_advance"] is False, f"auto_advance {held['auto_advance']}")


@check(
    "auto_advance_alone",
    "auto_advance without a schedule finalizes within 72 hours, an hour by default.",
    SCHEDULED,
)
def auto_advance_alone(bench: Bench) -> None:
    draft = bench.draft(auto_advance=True)
    at = draft["automatically_finalizes_at"]
    within = at is not None and 0 < at - time.time() <= 3 * DAY
    expect(within, f"automatically_finalizes_at {at}")


@check("default_waits", "A draft without auto_advance is not scheduled.", CREATE)
def default_waits(bench: Bench) -> None:
    draft = bench.draft()
    expect(draft["auto_advance"] is False, f"auto_advance {draft['auto_advance']}")
    expect(draft["automatically_finalizes_at"] is None, "it is scheduled")


@check("starts_empty", "With `exclude` a draft takes in no pending item.", CREATE)
def starts_empty(bench: Bench) -> None:
    customer = bench.customer()
    item = granted(bench.api.post("invoiceitems", customer=customer, amount=700, currency="usd"))
    bench.remember_item(item["id"])
    draft = bench.draft(customer, pending_invoice_items_behavior="exclude")
    seen = draft["lines"]["data"]
    expect(not seen and draft["total"] == 0, f"{len(seen)} lines, total {draft['total']}")


@check("no_lines_on_create", "Creating an invoice takes no lines.", CREATE)
def no_lines_on_create(bench: Bench) -> None:
    reply = bench.api.post("invoices", customer=bench.customer(), lines=[line()])
    if reply.status == 200:
        bench.remember(reply)
    expect_refusal(reply, 400, "parameter_unknown")


@check(
    "metadata_reads_back", "Our name in the invoice's metadata comes back on every read.", CREATE
)
def metadata_reads_back(bench: Bench) -> None:
    draft = bench.draft()
    path = f"invoices/{draft['id']}"
    granted(bench.api.post(path, metadata={"invoice": "0007"}))
    seen = granted(bench.api.get(path))["metadata"]
    expect(seen.get("invoice") == "0007", f"metadata {seen}")
    expect(seen.get("purpose") == "conformance", "the other key was not kept")


@check("listed", "A customer's drafts are listed at once.", "API reference: list invoices")
def listed(bench: Bench) -> None:
    customer = bench.customer()
    draft = bench.draft(customer)
    page = granted(bench.api.get("invoices", customer=customer, status="draft", limit=10))
    found = [one["id"] for one in page["data"]]
    expect(found == [draft["id"]], f"listed {found}")


@check("deleted_is_gone", "A deleted draft answers 404.", "API reference: delete a draft invoice")
def deleted_is_gone(bench: Bench) -> None:
    draft = bench.draft_with(line())
    path = f"invoices/{draft['id']}"
    gone = granted(bench.api.delete(path))
    expect(gone["deleted"] is True, f"reply {gone.body}")
    expect_refusal(bench.api.get(path), 404, "resource_missing")
    expect_refusal(bench.add(draft["id"], line()), 404, "resource_missing")


@check(
    "deleting_takes_lines", "Lines added in bulk do not become pending when the draft is deleted."
)
def deleting_takes_lines(bench: Bench) -> None:
    customer = bench.customer()
    draft = bench.draft(customer)
    granted(bench.add(draft["id"], line()))
    granted(bench.api.delete(f"invoices/{draft['id']}"))
    left = granted(bench.api.get("invoiceitems", customer=customer, pending=True))["data"]
    for item in left:
        bench.remember_item(item["id"])
    expect(not left, f"{len(left)} pending items are left")
