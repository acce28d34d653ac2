"""Assumptions about automatic tax: what may stand on a taxed draft, and what is known before."""

from __future__ import annotations

from typing import Any

from dashboard.gateway.conformance.api import Reply
from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

check = Checks("tax")

TAX = "docs: tax/invoicing"
ON: dict[str, Any] = {"automatic_tax": {"enabled": True}}
OFF: dict[str, Any] = {"automatic_tax": {"enabled": False}}
BERLIN = {"country": "DE", "city": "Berlin", "line1": "Unter den Linden 1", "postal_code": "10117"}


@check("negative_is_refused", "A line below zero on a taxed draft is refused.", TAX)
def negative_is_refused(bench: Bench) -> None:
    draft = _taxed(bench)
    granted(bench.add(draft["id"], taxed_line(4000)))
    expect_refusal(bench.add(draft["id"], taxed_line(-500)), 400)


@check("on_needs_no_negative", "Tax is not switched on while a line is below zero.", TAX)
def on_needs_no_negative(bench: Bench) -> None:
    draft = bench.draft(customer=_in_berlin(bench))
    granted(bench.add(draft["id"], line(4000), line(-500)))
    expect_refusal(bench.api.post(f"invoices/{draft['id']}", **ON), 400)


@check("zero_is_taken", "A line of zero on a taxed draft is taken.")
def zero_is_taken(bench: Bench) -> None:
    draft = _taxed(bench)
    shown = granted(bench.add(draft["id"], taxed_line(4000), taxed_line(0)))
    expect(shown["total_excluding_tax"] == 4000, f"reads {shown['total_excluding_tax']}")


@check("tax_is_on_top", "Tax of a line with exclusive behavior leaves the sum before it.", TAX)
def tax_is_on_top(bench: Bench) -> None:
    draft = _taxed(bench)
    shown = granted(bench.add(draft["id"], taxed_line(4000)))
    before, total = shown["total_excluding_tax"], shown["total"]
    expect(before == 4000, f"total_excluding_tax {before}")
    told = sum(one["amount"] for one in shown["total_taxes"])
    expect(total == before + told, f"total {total}, total_taxes {told}")


@check("line_becomes_taxed", "A plain amount can be updated to a price with its tax behavior.")
def line_becomes_taxed(bench: Bench) -> None:
    draft = bench.draft(customer=_in_berlin(bench))
    shown = granted(bench.add(draft["id"], line(4000)))
    changed = {"id": shown["lines"]["data"][0]["id"], **taxed_line(3500)}
    granted(bench.update(draft["id"], changed))
    shown = granted(bench.api.post(f"invoices/{draft['id']}", **ON))
    seen = (shown["total_excluding_tax"], shown["automatic_tax"]["enabled"])
    expect(seen == (3500, True), f"total_excluding_tax and enabled {seen}")


@check("line_becomes_plain", "A price on a line of a draft can be updated to a plain amount.")
def line_becomes_plain(bench: Bench) -> None:
    draft = _taxed(bench)
    shown = granted(bench.add(draft["id"], taxed_line(4000)))
    granted(bench.api.post(f"invoices/{draft['id']}", **OFF))
    changed = {"id": shown["lines"]["data"][0]["id"], **line(-500)}
    shown = granted(bench.update(draft["id"], changed))
    expect(shown["total"] == -500, f"total {shown['total']}")


@check("off_takes_negatives", "Switched off, a draft takes a line below zero again.")
def off_takes_negatives(bench: Bench) -> None:
    draft = _taxed(bench)
    granted(bench.add(draft["id"], taxed_line(4000)))
    granted(bench.api.post(f"invoices/{draft['id']}", **OFF))
    shown = granted(bench.add(draft["id"], line(-500)))
    expect(shown["total"] == 3500, f"total {shown['total']}")


@check("location_is_told", "A taxed draft without an address says what is missing.", TAX)
def location_is_told(bench: Bench) -> None:
    draft = bench.draft(**ON)
    shown = granted(bench.add(draft["id"], taxed_line(4000)))
    status = shown["automatic_tax"]["status"]
    expect(status == "requires_location_inputs", f"status {status}")
    expect_refusal(bench.api.post(f"invoices/{draft['id']}/finalize"), 400)


@check("customer_tells_location", "A customer read with its tax says whether it is supported.", TAX)
def customer_tells_location(bench: Bench) -> None:
    customer = _in_berlin(bench)
    shown = granted(bench.api.get(f"customers/{customer}", expand=["tax"]))
    word = shown["tax"]["automatic_tax"]
    expect(word in ("supported", "not_collecting"), f"automatic_tax {word}")


@check("address_is_replaced", "An address told to a customer leaves no part of the one before.")
def address_is_replaced(bench: Bench) -> None:
    customer = _in_berlin(bench)
    told = {"country": "FR", "city": "Paris"}
    shown = granted(bench.api.post(f"customers/{customer}", address=told, tax_exempt="reverse"))
    left = {name: said for name, said in shown["address"].items() if said}
    seen = (left, shown["tax_exempt"])
    expect(seen == (told, "reverse"), f"address and tax_exempt {seen}")


def taxed_line(cents: int) -> dict[str, Any]:
    """Return a line as a taxed draft is sent it; the product is made for the check."""
    price = {
        "currency": "usd",
        "product_data": {"name": "Conformance check"},
        "tax_behavior": "exclusive",
        "unit_amount": cents,
    }
    return {"price_data": price, "quantity": 1, "description": "Taxed"}


def _taxed(bench: Bench) -> Reply:
    return bench.draft(customer=_in_berlin(bench), **ON)


def _in_berlin(bench: Bench) -> str:
    customer = bench.customer()
    granted(bench.api.post(f"customers/{customer}", address=BERLIN))
    return customer
