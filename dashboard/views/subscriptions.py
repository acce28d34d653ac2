"""The subscription on whose invoices an organization is billed: linked, looked at, unlinked."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.current import current_invoice
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.forms.subscription import LinkForm, SubscriptionForm, UnlinkForm
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.reasons import calling_for
from dashboard.gateway.subscription_records import RemoteSubscription
from dashboard.intervals import EVERY
from dashboard.money import Money
from dashboard.organizations.link import (
    LinkPreview,
    link_subscription,
    plan_link,
    preview_link,
    read_subscription,
)
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.organizations.subscription import kept_of, unlink_subscription
from dashboard.transaction import checkpoint
from dashboard.views.access import current_actor
from dashboard.views.proof import need_proof_above

bp = Blueprint("subscriptions", __name__, url_prefix="/organizations/<slug>/subscription")


@bp.get("")
@permission("cycle.change")
def show(slug: str) -> ResponseReturnValue:
    """Show what it is billed with; with another one in the address, what linking would do."""
    organization = organization_by_slug(slug)
    if "subscription" not in request.args:
        return _page(organization, SubscriptionForm(formdata=None))
    form = SubscriptionForm(formdata=request.args, meta={"csrf": False})
    if not form.validate():
        return _page(organization, form), 422
    try:
        preview = preview_link(organization, _read(form.wanted), now=utc_now())
    except BillingError as error:
        return _page(organization, form, refused=error.message), 422
    return _page(organization, form, preview=preview)


@bp.post("")
@permission("cycle.change")
def create(slug: str) -> ResponseReturnValue:
    """Link the subscription; a form that is sent once more changes nothing."""
    organization, form = organization_by_slug(slug), LinkForm()
    if not form.validate_on_submit():
        return _page(organization, form), 422
    remote, now = _read(form.wanted), utc_now()
    if organization.stripe_subscription_id != remote.id:
        invoice = current_invoice(organization)
        if plan_link(organization, invoice, remote, now=now).cycle.is_early:
            need_proof_above(Money(invoice.total_cents, invoice.currency))
    link_subscription(
        organization,
        remote,
        reason=str(form.reason.data),
        actor=current_actor(),
        now=now,
        seen=form.seen.data,
    )
    flash("The subscription is linked.")
    return redirect(url_for("subscriptions.show", slug=slug), code=303)


@bp.post("/end")
@permission("cycle.change")
def end(slug: str) -> ResponseReturnValue:
    """Bill the organization on invoices of its own again."""
    organization, form = organization_by_slug(slug), UnlinkForm()
    if not form.validate_on_submit():
        return _page(organization, SubscriptionForm(formdata=None), unlink=form), 422
    unlink_subscription(
        organization, reason=str(form.reason.data), actor=current_actor(), now=utc_now()
    )
    flash("The subscription is unlinked.")
    return redirect(url_for("subscriptions.show", slug=slug), code=303)


def _read(subscription_id: str) -> RemoteSubscription:
    """Read a subscription, with no transaction open. Raises `GatewayError`."""
    gateway: Gateway = current_app.extensions["page_gateway"]
    checkpoint()
    with calling_for("reading"):
        return read_subscription(gateway, subscription_id)


def _page(
    organization: Organization,
    form: SubscriptionForm,
    *,
    preview: LinkPreview | None = None,
    unlink: UnlinkForm | None = None,
    refused: str = "",
) -> str:
    return render_template(
        "subscriptions/show.html",
        organization=organization,
        invoice=current_invoice(organization),
        kept=kept_of(organization),
        form=form,
        confirm=_confirming(form, preview),
        link=preview,
        preview=preview.cycle if preview is not None else None,
        unlink=unlink or UnlinkForm(formdata=None),
        refused=refused,
        every=EVERY,
    )


def _confirming(form: SubscriptionForm, preview: LinkPreview | None) -> LinkForm | None:
    """Return the form that does what was previewed, or that came back."""
    if isinstance(form, LinkForm):
        return form
    if preview is None:
        return None
    return LinkForm(formdata=None, subscription=form.wanted, seen=preview.plan.seen)
