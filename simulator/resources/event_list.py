"""GET /v1/events, and the endpoints that webhooks go to."""

from __future__ import annotations

import secrets
from fnmatch import fnmatchcase

from simulator.engine.errors import invalid, missing
from simulator.engine.events import KEPT_SECONDS, render_event
from simulator.engine.metadata import merged
from simulator.engine.paging import page, within
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id

MOST_TYPES = 20
MOST_ENDPOINTS = 16


def list_events(call: Call) -> Record:
    """GET /v1/events, newest first, thirty days back."""
    wanted = call.params
    if "type" in wanted and "types" in wanted:
        raise invalid("You may only specify one of these parameters: type, types.", param="types")
    if len(wanted.get("types", [])) > MOST_TYPES:
        raise invalid(f"At most {MOST_TYPES} event types can be asked for.", param="types")
    found = [
        event
        for event in reversed(call.store.all("event").values())
        if event["created"] > call.now - KEPT_SECONDS and _matches(event, wanted)
    ]
    return page(found, wanted, url="/v1/events", render=render_event)


def retrieve_event(call: Call) -> Record:
    """GET /v1/events/{id}."""
    event = call.store.get("event", call.ids["id"])
    if event is None:
        raise missing("event", call.ids["id"])
    return render_event(event)


def create_endpoint(call: Call) -> Record:
    """POST /v1/webhook_endpoints; only this reply carries the secret."""
    if len(call.store.all("webhook_endpoint")) >= MOST_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MOST_ENDPOINTS} webhook endpoints.")
    endpoint = new_endpoint(
        call.params["url"],
        f"whsec_{secrets.token_hex(16)}",
        call.params["enabled_events"],
        call.now,
    )
    endpoint["api_version"] = call.params.get("api_version")
    endpoint["description"] = call.params.get("description") or None
    endpoint["metadata"] = merged({}, call.params.get("metadata"))
    call.store.put("webhook_endpoint", endpoint)
    return {**render_endpoint(endpoint), "secret": endpoint["secret"]}


def list_endpoints(call: Call) -> Record:
    """GET /v1/webhook_endpoints, newest first."""
    endpoints = list(reversed(call.store.all("webhook_endpoint").values()))
    return page(endpoints, call.params, url="/v1/webhook_endpoints", render=render_endpoint)


def update_endpoint(call: Call) -> Record:
    """POST /v1/webhook_endpoints/{webhook_endpoint}; its version stays as it was made."""
    endpoint = _endpoint(call)
    for name in ("url", "enabled_events", "description"):
        if name in call.params:
            endpoint[name] = call.params[name] or None
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    endpoint["metadata"] = merged(endpoint["metadata"], call.params.get("metadata"))
    call.store.put("webhook_endpoint", endpoint)
    return render_endpoint(endpoint)


def delete_endpoint(call: Call) -> Record:
    """DELETE /v1/webhook_endpoints/{webhook_endpoint}."""
    identifier = _endpoint(call)["id"]
    call.store.remove("webhook_endpoint", identifier)
    return {"id": identifier, "object": "webhook_endpoint", "deleted": True}


def _endpoint(call: Call) -> Record:
    identifier = call.ids["webhook_endpoint"]
    endpoint = call.store.get("webhook_endpoint", identifier)
    if endpoint is None:
        raise missing("webhook endpoint", identifier)
    return endpoint


def new_endpoint(url: str, secret: str, enabled_events: list[str], now: int) -> Record:
    """Return the row of an endpoint, not yet kept."""
    return {
        "id": new_id("we"),
        "api_version": None,
        "created": now,
        "description": None,
        "enabled_events": enabled_events,
        "metadata": {},
        "secret": secret,
        "status": "enabled",
        "url": url,
    }


def render_endpoint(endpoint: Record) -> Record:
    """Return the endpoint as Stripe shows it, without its secret."""
    shown = {name: value for name, value in endpoint.items() if name != "secret"}
    return {
        # The account's own, unless the endpoint was made with another.
        "api_version": None,
        **shown,
        "object": "webhook_endpoint",
        "application": None,
        "livemode": False,
    }


def _matches(event: Record, wanted: Record) -> bool:
    types = wanted.get("types") or ([wanted["type"]] if "type" in wanted else ["*"])
    delivered = wanted.get("delivery_success")
    return (
        any(fnmatchcase(event["type"], one) for one in types)
        and within(event["created"], wanted.get("created"))
        and delivered in (None, not event["pending"])
    )


ROUTES: dict[str, Handler] = {
    "GET /v1/events": list_events,
    "GET /v1/events/{id}": retrieve_event,
    "POST /v1/webhook_endpoints": create_endpoint,
    "GET /v1/webhook_endpoints": list_endpoints,
    "POST /v1/webhook_endpoints/{webhook_endpoint}": update_endpoint,
    "DELETE /v1/webhook_endpoints/{webhook_endpoint}": delete_endpoint,
}
