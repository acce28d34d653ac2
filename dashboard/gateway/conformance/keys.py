"""Assumptions about idempotency keys: they are what makes a killed worker harmless."""

from __future__ import annotations

import time

from dashboard.gateway.conformance.api import new_key
from dashboard.gateway.conformance.bench import Bench, expect, expect_refusal, granted, line
from dashboard.gateway.conformance.registry import Checks

check = Checks("keys")

REQUESTS = "docs: api/idempotent_requests"
ERRORS = "docs: error-low-level"
EVENTS_SETTLE_SECONDS = 15


@check("replays", "The same call under the same key is answered again, and marked.", REQUESTS)
def replays(bench: Bench) -> None:
    draft, key = bench.draft(), new_key()
    first = granted(bench.add(draft["id"], line(), key=key))
    again = granted(bench.add(draft["id"], line(), key=key))
    marked = {name.lower() for name in again.headers}
    expect("idempotent-replayed" in marked, "the header Idempotent-Replayed is missing")
    expect(first.body == again.body, "the two replies differ")


@check("adds_once", "Lines sent twice under one key are there once.", REQUESTS)
def adds_once(bench: Bench) -> None:
    draft, key = bench.draft(), new_key()
    for _ in range(2):
        granted(bench.add(draft["id"], line(100), key=key))
    seen = [one["amount"] for one in bench.lines(draft["id"])]
    expect(seen == [100], f"amounts {seen}")


@check("mismatch", "A key used for another body is refused as idempotency_error.", ERRORS)
def mismatch(bench: Bench) -> None:
    draft, key = bench.draft(), new_key()
    granted(bench.add(draft["id"], line(100), key=key))
    reply = bench.add(draft["id"], line(200), key=key)
    kind = reply.body.get("error", {}).get("type")
    expect(reply.status == 400 and kind == "idempotency_error", f"{reply.status} {kind}")


@check("refused_is_free", "Refused parameters do not use the key up.", REQUESTS)
def refused_is_free(bench: Bench) -> None:
    draft, key = bench.draft(), new_key()
    path = f"invoices/{draft['id']}"
    expect_refusal(bench.api.post(path, key=key, no_such_parameter="1"), 400, "parameter_unknown")
    reply = bench.api.post(path, key=key, description="Corrected")
    expect(reply.status == 200, f"answered {reply.status} {reply.error_code or ''}")


@check("outlives_the_object", "A create's key stays bound to its invoice after that is deleted.")
def outlives_the_object(bench: Bench) -> None:
    customer, key = bench.customer(), new_key()
    first = granted(bench.api.post("invoices", key=key, customer=customer, currency="usd"))
    granted(bench.api.delete(f"invoices/{first['id']}"))
    again = bench.api.post("invoices", key=key, customer=customer, currency="usd")
    if again.status == 200 and again["id"] != first["id"]:
        bench.remember(again)
    expect(again.body.get("id") == first["id"], f"answered {again.status} with another invoice")


@check("echoed_in_events", "An event names the key of the call that caused it.", "API: events")
def echoed_in_events(bench: Bench) -> None:
    draft, key, since = bench.draft(), new_key(), int(time.time()) - 60
    granted(bench.add(draft["id"], line(), key=key))
    query = {"types": ["invoice.updated"], "created": {"gte": since}, "limit": 100}
    end = time.monotonic() + EVENTS_SETTLE_SECONDS
    seen: list[str | None] = []
    while key not in seen and time.monotonic() < end:
        events = granted(bench.api.get("events", **query))["data"]
        seen = [(event["request"] or {}).get("idempotency_key") for event in events]
        time.sleep(0.5 if key not in seen else 0)
    expect(key in seen, f"not among {len(seen)} events")
