"""The check behind every fault test: no line of the caller's ledger is live twice."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dashboard.sandbox.line_view import line_id
from dashboard.sandbox.store import Store

# The caller's own id of a line, as it writes it into the line's metadata.
OWN_ID = "invoice_item"


def audit(store: Store) -> dict[str, Any]:
    """Return {ok, duplicates: [{invoice_item, lines: [{line, invoice}]}], lines: count checked}."""
    places: dict[str, list[dict[str, str]]] = defaultdict(list)
    for item in store.all("invoiceitem").values():
        own = item["metadata"].get(OWN_ID)
        invoice = store.get("invoice", item["invoice"]) if item["invoice"] else None
        if own and invoice is not None and invoice["status"] != "void":
            places[own].append({"line": line_id(item["id"]), "invoice": invoice["id"]})
    duplicates = [
        {"invoice_item": own, "lines": lines} for own, lines in places.items() if len(lines) > 1
    ]
    return {"ok": not duplicates, "duplicates": duplicates, "lines": len(places)}
