"""Service standing: that of an organization with its reasons, and the rules for all."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.forms.base import DAMAGED
from dashboard.forms.standing import EndForm, OverrideForm, RulesForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.reading.standing import late_of, standing_now
from dashboard.standing.change import end_override, set_apart, set_rules
from dashboard.standing.look import RULES_ID
from dashboard.standing.models import ServiceStanding, StandingRules
from dashboard.views.access import current_actor
from dashboard.views.formatting import instant

bp = Blueprint("standing", __name__)


@bp.get("/organizations/<slug>/standing")
@permission("standing.view")
def show(slug: str) -> ResponseReturnValue:
    """Show the standing, what it follows from, and what a person set."""
    organization = organization_by_slug(slug)
    return _page(organization, OverrideForm(_kept(organization)))


@bp.post("/organizations/<slug>/standing/overrides")
@permission("standing.override")
def override(slug: str) -> ResponseReturnValue:
    """Set the standing apart from the rules until a day."""
    organization = organization_by_slug(slug)
    form = OverrideForm(_kept(organization))
    if not form.validate_on_submit():
        return _page(organization, form), 422
    wanted = form.wanted()
    set_apart(
        organization,
        wanted,
        reason=str(form.reason.data),
        seen=str(form.seen.data),
        now=utc_now(),
        actor=current_actor(),
    )
    flash(f"The standing is {wanted.standing} until {instant(wanted.until)}.")
    return redirect(url_for("standing.show", slug=slug), code=303)


@bp.post("/organizations/<slug>/standing/override-removals")
@permission("standing.override")
def end(slug: str) -> ResponseReturnValue:
    """Let the rules decide again."""
    form = EndForm()
    if not form.validate_on_submit():
        raise Invalid(DAMAGED)
    organization = organization_by_slug(slug)
    end_override(organization, seen=str(form.seen.data), now=utc_now(), actor=current_actor())
    flash("The rules decide on the standing again.")
    return redirect(url_for("standing.show", slug=slug), code=303)


@bp.get("/standing-rules")
@permission("payment.view")
def rules() -> ResponseReturnValue:
    """Show the rules, to an admin as a form."""
    return render_template("standing/rules.html", form=RulesForm(_rules()))


@bp.post("/standing-rules")
@permission("standing.rule")
def change_rules() -> ResponseReturnValue:
    """Set other rules; the clock moves the organizations within minutes."""
    form = RulesForm(_rules())
    if not form.validate_on_submit():
        return render_template("standing/rules.html", form=form), 422
    set_rules(form.rules(), seen=form.revision(), now=utc_now(), actor=current_actor())
    flash("The rules are saved. Standings follow within five minutes.")
    return redirect(url_for("standing.rules"), code=303)


def _page(organization: Organization, form: OverrideForm) -> str:
    now = utc_now()
    return render_template(
        "standing/show.html",
        organization=organization,
        found=standing_now(organization, now=now),
        late=late_of(organization, now=now),
        form=form,
    )


def _kept(organization: Organization) -> ServiceStanding | None:
    return db.session.get(ServiceStanding, organization.id)


def _rules() -> StandingRules | None:
    return db.session.get(StandingRules, RULES_ID)
