"""The subscription on whose invoices an organization is billed."""

from flask import Blueprint, Response, current_app

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body, read_query
from dashboard.api.schemas.subscriptions import (
    LinkPreviewOut,
    SubscriptionEndIn,
    SubscriptionIn,
    SubscriptionOut,
    SubscriptionQuery,
)
from dashboard.clock import utc_now
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.organizations.link import link_subscription, preview_link, read_subscription
from dashboard.organizations.subscription import unlink_subscription
from dashboard.transaction import checkpoint

bp = Blueprint("subscriptions", __name__, url_prefix="/organizations/<slug>/subscription")


@bp.get("")
@permission("api.organizations.read")
@operation(Operation("Read what an organization is billed with", {200: SubscriptionOut}))
def show(slug: str) -> Response:
    """Read it as it was last read at Stripe; Stripe is not asked."""
    return answer(SubscriptionOut.of(caller.organization(slug)))


@bp.get("/preview")
@permission("api.organizations.read")
@operation(
    Operation(
        "Read what linking a subscription would do",
        {200: LinkPreviewOut},
        query=SubscriptionQuery,
    )
)
def preview(slug: str) -> Response:
    """Read the subscription at Stripe and what would become of the cycles; changes nothing."""
    organization = caller.counted_organization(slug)
    remote = _read(read_query(SubscriptionQuery).subscription)
    return answer(LinkPreviewOut.told(preview_link(organization, remote, now=utc_now())))


@bp.post("")
@permission("api.organizations.write")
@operation(
    Operation(
        "Bill an organization on a subscription's invoices; the same again changes nothing",
        {201: SubscriptionOut, 200: SubscriptionOut},
        body=SubscriptionIn,
    )
)
def create(slug: str) -> Response:
    """Link the subscription, from the next cycle on."""
    wanted = read_body(SubscriptionIn)
    organization = caller.organization(slug)
    is_new = link_subscription(
        organization,
        _read(wanted.subscription),
        reason=wanted.reason,
        actor=caller.actor(),
        now=utc_now(),
        seen=wanted.seen,
    )
    return answer(SubscriptionOut.of(organization), 201 if is_new else 200)


@bp.post("/end")
@permission("api.organizations.write")
@operation(
    Operation(
        "Bill an organization on invoices of its own again; the same again changes nothing",
        {200: SubscriptionOut},
        body=SubscriptionEndIn,
    )
)
def end(slug: str) -> Response:
    """Unlink the subscription; what waits for its invoice goes alone."""
    wanted = read_body(SubscriptionEndIn)
    organization = caller.organization(slug)
    unlink_subscription(organization, reason=wanted.reason, actor=caller.actor(), now=utc_now())
    return answer(SubscriptionOut.of(organization))


def _read(subscription_id: str) -> RemoteSubscription:
    gateway: Gateway = current_app.extensions["page_gateway"]
    checkpoint()
    with calling_for("reading"):
        return read_subscription(gateway, subscription_id)
