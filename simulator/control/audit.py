"""The check behind every fault test: no line of the caller's ledger is billed twice."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from simulator.engine.store import Record, Store
from simulator.resources.line_view import line_id

# The caller's own name of a line, as it writes it into the line's metadata.
OWN_NAME = "dashboard_item"
OWNER = "dashboard_installation"


def audit(store: Store) -> dict[str, Any]:
    """Return {ok, duplicates: [{item, lines: [{line, invoice}]}], lines: count checked}.

    A name that is on one invoice twice is a duplicate. On two invoices it is one only with the
    same period and amount: late usage of a past cycle may rightly come under its name again.
    Void invoices do not count, nor does a revision that nobody finalized: it asks for nothing yet.
    Two installations on one account use the same names.
    """
    on_one: dict[Any, list[Record]] = defaultdict(list)
    on_many: dict[Any, list[Record]] = defaultdict(list)
    named = [item for item in store.all("invoiceitem").values() if _is_live(store, item)]
    for item in named:
        invoice = store.get("invoice", item["invoice"]) or {"metadata": {}}
        own = (invoice["metadata"].get(OWNER), item["metadata"][OWN_NAME])
        period = item["period"]
        on_one[own, item["invoice"]].append(item)
        on_many[own, period["start"], period["end"], item["amount"]].append(item)
    twice = {
        one["id"]: found for found in [*on_one.values(), *on_many.values()] for one in found[1:]
    }
    duplicates = [_told(found) for found in twice.values()]
    return {"ok": not duplicates, "duplicates": duplicates, "lines": len(named)}


def _is_live(store: Store, item: Record) -> bool:
    invoice = store.get("invoice", item["invoice"]) if item["invoice"] else None
    if OWN_NAME not in item["metadata"] or invoice is None or invoice["status"] == "void":
        return False
    return invoice["status"] != "draft" or not invoice.get("from_invoice")


def _told(items: list[Record]) -> dict[str, Any]:
    lines = [{"line": line_id(item["id"]), "invoice": item["invoice"]} for item in items]
    return {"item": items[0]["metadata"][OWN_NAME], "lines": lines}
