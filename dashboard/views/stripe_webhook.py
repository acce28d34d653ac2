"""Where Stripe delivers its events: verify, store, answer; the work is a job's.

Nearly all of them are taken in at the door (`stripe_door`), before Flask. What is to be refused,
and what something went wrong with there, comes here.
"""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.extensions import csrf
from dashboard.gateway.errors import BadSignature, NotAnEvent
from dashboard.metrics import WEBHOOKS_RECEIVED
from dashboard.webhooks.handlers import ADDRESS
from dashboard.webhooks.intake import store_delivered
from jobs.inbox import ring

ENDPOINT = "stripe_webhook.receive"
bp = Blueprint("stripe_webhook", __name__)
csrf.exempt(bp)


@bp.post(ADDRESS)
@permission("public")
def receive() -> ResponseReturnValue:
    """Store the event once and answer; a repeated delivery is answered alike."""
    raw = request.get_data(cache=False)
    try:
        event = current_app.extensions["gateway"].verify_event(
            raw, request.headers.get("Stripe-Signature", "")
        )
    except (BadSignature, NotAnEvent) as error:
        WEBHOOKS_RECEIVED.labels(error.code).inc()
        return {"error": error.message}, error.status
    [state] = store_delivered([event], now=utc_now())
    if state == "received":
        ring()
    WEBHOOKS_RECEIVED.labels("stored" if state else "duplicate").inc()
    return {"received": True}
