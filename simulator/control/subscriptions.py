"""The control surface's subscriptions: what people do in Stripe's dashboard, and old events."""

from __future__ import annotations

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from simulator.control.money import carry_out
from simulator.engine.state import Call, Handler, Simulator
from simulator.engine.store import Record
from simulator.resources.invoice_access import changed, terms
from simulator.resources.subscription_view import render_subscription
from simulator.resources.subscriptions import (
    add_line,
    following,
    from_path,
    make_invoice,
    plan,
    tell_changed,
)


def subscriptions_blueprint(simulator: Simulator) -> Blueprint:
    """Return the routes that pause and resume, move an anchor, and put prorations on drafts."""
    blueprint = Blueprint("subscriptions", __name__, url_prefix="/_simulator/subscriptions")

    @blueprint.post("/<subscription>/<act>")
    def carry(subscription: str, act: str) -> ResponseReturnValue:
        if act not in ACTS:
            abort(404)
        return carry_out(simulator, ACTS[act], subscription_exposed_id=subscription)

    return blueprint


def _renewal(call: Call) -> Record:
    """Make the invoice of a renewal now, for those who cannot wait for one."""
    return make_invoice(call, from_path(call), "subscription_cycle")


def _discount(call: Call) -> Record:
    """Take `percent` off its invoices from now on, as a coupon does."""
    subscription = from_path(call)
    before = render_subscription(subscription)
    subscription["percent_off"] = int(call.params["percent"])
    return tell_changed(call, subscription, before)


def _empty(call: Call) -> Record:
    """Let it cost nothing from now on."""
    subscription = from_path(call)
    before = render_subscription(subscription)
    subscription["items"] = [one | {"amount": 0} for one in subscription["items"]]
    return tell_changed(call, subscription, before)


def _pause(call: Call) -> Record:
    subscription = from_path(call)
    subscription["status"] = "paused"
    call.store.put("subscription", subscription)
    plan(call, subscription)
    call.emit("customer.subscription.paused", render_subscription(subscription))
    return render_subscription(subscription)


def _resume(call: Call) -> Record:
    """Go on from now: the anchor moves."""
    subscription = from_path(call)
    _begin_now(call, subscription)
    subscription["status"] = "active"
    call.store.put("subscription", subscription)
    plan(call, subscription)
    call.emit("customer.subscription.resumed", render_subscription(subscription))
    return render_subscription(subscription)


def _anchor(call: Call) -> Record:
    """Move the anchor to now; in flexible billing mode that brings no invoice."""
    subscription = from_path(call)
    before = render_subscription(subscription)
    _begin_now(call, subscription)
    plan(call, subscription)
    return tell_changed(call, subscription, before)


def _begin_now(call: Call, subscription: Record) -> None:
    subscription |= {"anchor": call.now, "period_start": call.now}
    subscription["period_end"] = following(subscription["items"][0], call.now, call.now)


def _proration(call: Call) -> Record:
    """Put `cents` on the subscription's latest invoice, which must be a draft."""
    subscription = from_path(call)
    invoice = call.store.all("invoice")[subscription["latest_invoice"]]
    before = terms(call, invoice)
    add_line(call, invoice, subscription, int(call.params["cents"]))
    return changed(call, invoice, before, lines=True)


def _threshold(call: Call) -> Record:
    """Make the invoice that a billing threshold brings within a period."""
    return make_invoice(call, from_path(call), "subscription_threshold")


ACTS: dict[str, Handler] = {
    "pause": _pause,
    "resume": _resume,
    "anchor": _anchor,
    "proration": _proration,
    "threshold": _threshold,
    "renewal": _renewal,
    "discount": _discount,
    "empty": _empty,
}
