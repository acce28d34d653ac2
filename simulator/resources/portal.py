"""The billing portal: configurations, and short-lived sessions whose page is in `portal_page`."""

from __future__ import annotations

from typing import Any

from simulator.engine.errors import missing
from simulator.engine.metadata import merged
from simulator.engine.paging import page
from simulator.engine.state import Call, Handler
from simulator.engine.store import Record, new_id
from simulator.resources.customers import find_customer

_FEATURES: dict[str, Record] = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": None,
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def create_session(call: Call) -> Record:
    """POST /v1/billing_portal/sessions."""
    given = call.params
    customer = find_customer(call.store, given.get("customer", ""))
    configuration = _configuration(call, given.get("configuration"))
    session: Record = {
        "id": new_id("bps"),
        "configuration": configuration["id"],
        "created": call.now,
        "customer": customer["id"],
        "flow": None,
        "locale": given.get("locale"),
        "return_url": given.get("return_url") or configuration["default_return_url"],
    }
    call.store.put("portal_session", session)
    shown = _render_session(session, call.simulator.public_url)
    call.emit("billing_portal.session.created", shown)
    return shown


def create_configuration(call: Call) -> Record:
    """POST /v1/billing_portal/configurations; the first one is the default."""
    configuration = _new_configuration(call, call.params)
    call.emit("billing_portal.configuration.created", render_configuration(configuration))
    return render_configuration(configuration)


def update_configuration(call: Call) -> Record:
    """POST /v1/billing_portal/configurations/{configuration}."""
    configuration = _from_path(call)
    _apply(call, configuration, call.params)
    call.store.put("portal_configuration", configuration)
    call.emit("billing_portal.configuration.updated", render_configuration(configuration))
    return render_configuration(configuration)


def retrieve_configuration(call: Call) -> Record:
    """GET /v1/billing_portal/configurations/{configuration}."""
    return render_configuration(_from_path(call))


def list_configurations(call: Call) -> Record:
    """GET /v1/billing_portal/configurations, newest first."""
    found = [
        one
        for one in reversed(call.store.all("portal_configuration").values())
        if call.params.get("active") in (None, one["active"])
        and call.params.get("is_default") in (None, one["is_default"])
    ]
    url = "/v1/billing_portal/configurations"
    return page(found, call.params, url=url, render=render_configuration)


def render_configuration(configuration: Record) -> Record:
    """Return the configuration as Stripe shows it."""
    return {
        **configuration,
        "object": "billing_portal.configuration",
        "application": None,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
    }


def _configuration(call: Call, wanted: str | None) -> Record:
    """Return the wanted configuration or the default, which is made on first need."""
    known = call.store.all("portal_configuration")
    if wanted is not None:
        if wanted not in known:
            raise missing("configuration", wanted, param="configuration", status=400)
        return known[wanted]
    default = next((one for one in known.values() if one["is_default"]), None)
    on = {name: {"enabled": True} for name in ("invoice_history", "payment_method_update")}
    return default or _new_configuration(call, {"features": on})


def _new_configuration(call: Call, given: dict[str, Any]) -> Record:
    configuration: Record = {
        "id": new_id("bpc"),
        "active": True,
        "business_profile": {
            "headline": None,
            "privacy_policy_url": None,
            "terms_of_service_url": None,
        },
        "created": call.now,
        "default_return_url": None,
        "features": _FEATURES,
        "is_default": not call.store.all("portal_configuration"),
        "metadata": {},
        "name": None,
        "updated": call.now,
    }
    _apply(call, configuration, given)
    call.store.put("portal_configuration", configuration)
    return configuration


def _apply(call: Call, configuration: Record, given: dict[str, Any]) -> None:
    features = given.get("features", {})
    configuration["metadata"] = merged(configuration["metadata"], given.get("metadata"))
    configuration["features"] = {
        name: {**configuration["features"][name], **features.get(name, {})} for name in _FEATURES
    }
    profile = configuration["business_profile"]
    configuration["business_profile"] = {**profile, **given.get("business_profile", {})}
    for name in ("active", "default_return_url", "name"):
        if name in given:
            configuration[name] = given[name] if given[name] != "" else None
    configuration["updated"] = call.now


def _from_path(call: Call) -> Record:
    configuration = call.store.get("portal_configuration", call.ids["configuration"])
    if configuration is None:
        raise missing("configuration", call.ids["configuration"], param="configuration")
    return configuration


def _render_session(session: Record, public_url: str) -> Record:
    return {
        **session,
        "object": "billing_portal.session",
        "customer_account": None,
        "livemode": False,
        "on_behalf_of": None,
        "url": f"{public_url}/p/session/{session['id']}",
    }


ROUTES: dict[str, Handler] = {
    "POST /v1/billing_portal/sessions": create_session,
    "POST /v1/billing_portal/configurations": create_configuration,
    "GET /v1/billing_portal/configurations": list_configurations,
    "GET /v1/billing_portal/configurations/{configuration}": retrieve_configuration,
    "POST /v1/billing_portal/configurations/{configuration}": update_configuration,
}
