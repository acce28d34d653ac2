"""Above which amounts bills wait for approval: the limits in force, set and taken away."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Field

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.closing.limits import end_limit, limits_in_force, set_limit
from dashboard.errors import Invalid, NotFound
from dashboard.forms.bill_holds import EndLimitForm, LimitForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.views.access import current_actor
from dashboard.views.formatting import money

bp = Blueprint("closing_limits", __name__, url_prefix="/close/limits")


@bp.get("")
@permission("closing.view")
def index() -> ResponseReturnValue:
    """List the limits in force."""
    whose = request.args.get("organization", "")[:100]
    return _page(LimitForm(formdata=None, currency="usd", organization=whose))


@bp.post("")
@permission("closing.limit")
def create() -> ResponseReturnValue:
    """Set a limit in place of the one there is."""
    form = LimitForm()
    if not form.validate_on_submit():
        return _page(form), 422
    wanted = form.wanted()
    try:
        organization = _organization(form)
        set_limit(
            wanted,
            organization=organization,
            reason=str(form.reason.data),
            actor=current_actor(),
            now=utc_now(),
        )
    except Invalid as error:
        _where(form, error).errors = [error.message]
        return _page(form), 422
    whose = f" of {organization.name}" if organization else ""
    flash(f"Bills{whose} above {money(wanted.cents, wanted.currency)} wait for approval.")
    return redirect(url_for("closing_limits.index"), code=303)


@bp.post("/<int:limit_id>/removals")
@permission("closing.limit")
def create_removal(limit_id: int) -> ResponseReturnValue:
    """Take a limit away; one that is gone already stays so."""
    form = EndLimitForm().named(limit_id)
    if not form.validate_on_submit():
        return _page(LimitForm(formdata=None, currency="usd"), ended=(limit_id, form)), 422
    end_limit(limit_id, reason=str(form.reason.data), actor=current_actor(), now=utc_now())
    flash("The limit is gone. Bills that wait for it go on once they are approved or released.")
    return redirect(url_for("closing_limits.index"), code=303)


def _organization(form: LimitForm) -> Organization | None:
    slug = form.slug()
    if slug is None:
        return None
    try:
        return organization_by_slug(slug)
    except NotFound as error:
        raise Invalid(error.message, field="organization") from None


def _where(form: LimitForm, error: Invalid) -> Field:
    named = str(error.facts.get("field", "reason"))
    return form[named if named in form else "reason"]


def _page(form: LimitForm, ended: tuple[int, EndLimitForm] | None = None) -> str:
    def ending(limit_id: int) -> EndLimitForm:
        if ended is not None and ended[0] == limit_id:
            return ended[1]
        return EndLimitForm(formdata=None).named(limit_id)

    return render_template(
        "closing_limits/index.html", form=form, limits=limits_in_force(), ending=ending
    )
