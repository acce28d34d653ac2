"""What a cycle is meant to cost, when people are told, and what was told so far."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.fold import counted_organization
from dashboard.budgets.change import set_budget
from dashboard.budgets.receivers import choose_mails
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.forms.base import DAMAGED
from dashboard.forms.budget import BudgetForm, MailsForm, RemovalForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.reading.budget import budget_page
from dashboard.views.access import current_actor, reader
from dashboard.views.formatting import money
from dashboard.views.listing import log_kind

bp = Blueprint("budgets", __name__, url_prefix="/organizations/<slug>/budget")
ALERTS = log_kind("budgets.show", "alert", "alerts")


@bp.get("")
@permission("organization.view")
def show(slug: str) -> ResponseReturnValue:
    """Show the budget beside the cycle's bill, the thresholds, and what was told."""
    organization = counted_organization(slug, now=utc_now())
    return _page(organization, BudgetForm(organization))


@bp.post("")
@permission("budget.set")
def update(slug: str) -> ResponseReturnValue:
    """Set the budget, or another one."""
    organization = organization_by_slug(slug)
    form = BudgetForm(organization)
    if not form.validate_on_submit():
        return _page(organization, form), 422
    seen = str(form.seen.data)
    set_budget(organization, form.cents(), now=utc_now(), actor=current_actor(), seen=seen)
    amount = money(organization.budget_cents, organization.currency)
    flash(f"The budget is {amount} for each cycle. It never stops usage.")
    return redirect(url_for("budgets.show", slug=slug), code=303)


@bp.post("/removals")
@permission("budget.set")
def remove(slug: str) -> ResponseReturnValue:
    """Take the budget away."""
    form = RemovalForm()
    if not form.validate_on_submit():
        raise Invalid(DAMAGED)
    organization = organization_by_slug(slug)
    seen = str(form.seen.data)
    set_budget(organization, None, now=utc_now(), actor=current_actor(), seen=seen)
    flash("The budget is removed. Earlier alerts stay listed.")
    return redirect(url_for("budgets.show", slug=slug), code=303)


@bp.post("/mails")
@permission("organization.view")
def choose(slug: str) -> ResponseReturnValue:
    """Keep what the reader wants to be mailed."""
    form = MailsForm()
    if not form.validate_on_submit():
        raise Invalid(DAMAGED)
    wanted = {"budget": form.budget.data, "unusual": form.unusual.data}
    choose_mails(reader().id, organization_by_slug(slug).id, wanted)
    flash("Your choice of e-mails is saved.")
    return redirect(url_for("budgets.show", slug=slug), code=303)


def _page(organization: Organization, form: BudgetForm) -> str:
    asked = ALERTS.asked()
    shown = budget_page(organization, asked, now=utc_now())
    return render_template(
        "budgets/show.html",
        organization=organization,
        page=shown,
        alerts=ALERTS.listing(shown.alerts, asked.sort, slug=organization.slug),
        form=form,
    )
