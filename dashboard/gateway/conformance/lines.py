"""Assumptions about the lines of a draft and the three bulk calls."""

from __future__ import annotations

from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

check = Checks("lines")

BULK = "docs: invoicing/bulk-update-line-item"
REFERENCE = "API reference: invoice line items"
ITEMS = "stripe-python 16.1.0: InvoiceItem.create"


@check("signed_amounts", "Amounts are integers with a sign, and the total is their sum.", REFERENCE)
def signed_amounts(bench: Bench) -> None:
    invoice = bench.draft_with(line(1000), line(-250))
    expect(invoice["total"] == 750, f"total {invoice['total']}")


@check("zero_amount", "A line may be worth nothing.")
def zero_amount(bench: Bench) -> None:
    reply = bench.add(bench.draft()["id"], line(0), line(5))
    expect(reply.status == 200, f"answered {reply.status} {reply.error_code or ''}")
    expect(len(reply["lines"]["data"]) == 2, f"{len(reply['lines']['data'])} lines")


@check("total_in_replies", "Every bulk call answers with the invoice's new total.", BULK)
def total_in_replies(bench: Bench) -> None:
    added = bench.draft_with(line(100), line(200))
    first, second = (one["id"] for one in added["lines"]["data"])
    updated = granted(bench.update(added["id"], {"id": first, "amount": 150}))
    removed = granted(bench.remove(added["id"], second))
    seen = [added["total"], updated["total"], removed["total"]]
    expect(seen == [300, 350, 150], f"totals {seen}")


@check(
    "embed_of_ten", "An invoice carries at most ten of its lines, and says so.", "stripe-php#1400"
)
def embed_of_ten(bench: Bench) -> None:
    invoice = bench.draft_with(*[line(index) for index in range(1, 13)])
    embedded = invoice["lines"]
    expect(len(embedded["data"]) == 10, f"{len(embedded['data'])} lines embedded")
    expect(embedded["has_more"] is True, "has_more is false")


@check("all_embedded", "The reply to a bulk call embeds its invoice's lines as it left them.", BULK)
def all_embedded(bench: Bench) -> None:
    added = bench.draft_with(*[line(index) for index in range(1, 11)])
    first, second = (one["id"] for one in added["lines"]["data"][:2])
    updated = granted(bench.update(added["id"], {"id": first, "amount": 150}))
    removed = granted(bench.remove(added["id"], second))
    for reply in (updated, removed):
        expect(reply["lines"]["has_more"] is False, "has_more is true")
    left = [(one["id"], one["amount"]) for one in bench.lines(added["id"])]
    seen = [(one["id"], one["amount"]) for one in removed["lines"]["data"]]
    expect(sorted(seen) == sorted(left), f"embedded {seen}, listed {left}")


@check("paging", "Lines are paged by starting_after without gap or repeat.", REFERENCE)
def paging(bench: Bench) -> None:
    invoice = bench.draft_with(*[line(index) for index in range(1, 13)])
    path = f"invoices/{invoice['id']}/lines"
    first = granted(bench.api.get(path, limit=7))
    cursor = first["data"][-1]["id"]
    rest = granted(bench.api.get(path, limit=7, starting_after=cursor))
    amounts = [one["amount"] for one in first["data"] + rest["data"]]
    expect(sorted(amounts) == list(range(1, 13)), f"amounts {amounts}")
    expect(rest["has_more"] is False, "has_more is true on the last page")


@check("appended", "New lines of an `exclude` draft go to the end.", "stripe-python: Invoice.lines")
def appended(bench: Bench) -> None:
    invoice = bench.draft_with(*[line(1) for _ in range(11)])
    granted(bench.add(invoice["id"], line(77)))
    amounts = [one["amount"] for one in bench.lines(invoice["id"])]
    expect(amounts[-1] == 77, f"amounts {amounts}")


@check("reads_back", "Description, period and metadata of a line come back as sent.", REFERENCE)
def reads_back(bench: Bench) -> None:
    period = {"start": 1767225600, "end": 1769904000}
    sent = line(100, period=period, metadata={"invoice_item": "metered:1:2"})
    invoice = bench.draft_with(sent)
    seen = bench.lines(invoice["id"])[0]
    expect(seen["description"] == sent["description"], f"description {seen['description']}")
    expect(seen["period"] == period, f"period {seen['period']}")
    expect(seen["metadata"] == sent["metadata"], f"metadata {seen['metadata']}")


@check(
    "update_is_absolute", "The same update sent twice under two keys changes nothing more.", BULK
)
def update_is_absolute(bench: Bench) -> None:
    invoice = bench.draft_with(line(100), line(7))
    change = {"id": invoice["lines"]["data"][0]["id"], "amount": 250}
    totals = [granted(bench.update(invoice["id"], change))["total"] for _ in range(2)]
    expect(totals == [257, 257], f"totals {totals}")


@check("update_keeps_the_rest", "An update leaves the fields alone that it does not name.", BULK)
def update_keeps_the_rest(bench: Bench) -> None:
    invoice = bench.draft_with(line(100, metadata={"invoice_item": "a"}))
    granted(bench.update(invoice["id"], {"id": invoice["lines"]["data"][0]["id"], "amount": 9}))
    seen = bench.lines(invoice["id"])[0]
    expect(seen["description"] == "Conformance line", f"description {seen['description']}")
    expect(seen["metadata"] == {"invoice_item": "a"}, f"metadata {seen['metadata']}")


@check(
    "metadata_merges",
    "Metadata of a line is merged; an empty value takes a key away.",
    "stripe-python 16.1.0: Invoice.update_lines",
)
def metadata_merges(bench: Bench) -> None:
    invoice = bench.draft_with(line(100, metadata={"invoice_item": "a", "old": "1"}))
    change = {"id": invoice["lines"]["data"][0]["id"], "metadata": {"old": "", "new": "2"}}
    granted(bench.update(invoice["id"], change))
    seen = bench.lines(invoice["id"])[0]["metadata"]
    expect(seen == {"invoice_item": "a", "new": "2"}, f"metadata {seen}")


@check("remove_deletes", "`delete` takes the line and its invoice item away for good.", BULK)
def remove_deletes(bench: Bench) -> None:
    invoice = bench.draft_with(line(100), line(200))
    first = invoice["lines"]["data"][0]
    removed = granted(bench.remove(invoice["id"], first["id"]))
    expect(removed["total"] == 200, f"total {removed['total']}")
    item = first["parent"]["invoice_item_details"]["invoice_item"]
    expect_refusal(bench.api.get(f"invoiceitems/{item}"), 404, "resource_missing")


@check("invoice_metadata_merges", "Every bulk call can merge into the invoice's metadata.", BULK)
def invoice_metadata_merges(bench: Bench) -> None:
    draft = bench.draft()
    added = granted(bench.add(draft["id"], line(), invoice_metadata={"sync_run": "1"}))
    line_id = added["lines"]["data"][0]["id"]
    updated = granted(
        bench.update(draft["id"], {"id": line_id, "amount": 5}, invoice_metadata={"sync_run": "2"})
    )
    removed = granted(bench.remove(draft["id"], line_id, invoice_metadata={"sync_run": "3"}))
    seen = [one["metadata"].get("sync_run") for one in (added, updated, removed)]
    expect(seen == ["1", "2", "3"], f"sync_run {seen}")
    expect(removed["metadata"].get("purpose") == "conformance", "the other key was not kept")


@check("ids_are_line_ids", "update_lines takes il_ ids, not the ii_ ids of invoice items.", BULK)
def ids_are_line_ids(bench: Bench) -> None:
    invoice = bench.draft_with(line())
    first = invoice["lines"]["data"][0]
    item = first["parent"]["invoice_item_details"]["invoice_item"]
    expect(first["id"].startswith("il_"), f"the line's id is {first['id']}")
    reply = bench.update(invoice["id"], {"id": item, "amount": 1})
    expect(reply.status in (400, 404), f"answered {reply.status}")


@check("amount_or_quantity", "A line with both amount and quantity is refused.")
def amount_or_quantity(bench: Bench) -> None:
    expect_refusal(bench.add(bench.draft()["id"], line(100, quantity=2)), 400)


@check("add_is_all_or_nothing", "A refused add_lines adds none of its lines.")
def add_is_all_or_nothing(bench: Bench) -> None:
    draft = bench.draft()
    refused = bench.add(draft["id"], line(1), line(2, metadata={"k" * 41: "key too long"}))
    expect_refusal(refused, 400)
    left = bench.lines(draft["id"])
    expect(not left, f"{len(left)} lines were added")


@check("update_is_all_or_nothing", "A refused update_lines changes none of its lines.")
def update_is_all_or_nothing(bench: Bench) -> None:
    invoice = bench.draft_with(line(100))
    good = {"id": invoice["lines"]["data"][0]["id"], "amount": 900}
    reply = bench.update(invoice["id"], good, {"id": "il_missing", "amount": 1})
    expect(reply.status in (400, 404), f"answered {reply.status}")
    amounts = [one["amount"] for one in bench.lines(invoice["id"])]
    expect(amounts == [100], f"amounts {amounts}")


@check("hundred_in_one_call", "One add_lines takes 100 lines.")
def hundred_in_one_call(bench: Bench) -> None:
    reply = bench.add(bench.draft()["id"], *[line(1) for _ in range(100)])
    expect(reply.status == 200, f"answered {reply.status} {reply.error_code or ''}")
    expect(reply["total"] == 100, f"total {reply['total']}")


@check("limit_of_250", "An invoice takes 250 lines and refuses the next.", ITEMS)
def limit_of_250(bench: Bench) -> None:
    invoice_id = bench.draft()["id"]
    for count in (100, 100, 50):
        granted(bench.add(invoice_id, *[line(1) for _ in range(count)]))
    expect_refusal(bench.add(invoice_id, line(1)), 400)
    seen = len(bench.lines(invoice_id))
    expect(seen == 250, f"{seen} lines")
