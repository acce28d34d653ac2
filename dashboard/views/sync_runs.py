"""Syncs: previewed, asked for, watched."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.errors import Stale
from dashboard.forms.sync import SyncForm
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization
from dashboard.reading.sync_runs import (
    STATES,
    RunFilter,
    counts_by_state,
    is_active,
    recent_runs,
    run_with_steps,
)
from dashboard.reading.sync_status import status_of
from dashboard.sync.plan import Plan
from dashboard.sync.request import Request, preview, request_sync
from dashboard.views.access import current_actor
from dashboard.views.hypermedia import live
from dashboard.views.listing import Narrowed, log_kind
from jobs.syncs import enqueue_run

bp = Blueprint("sync_runs", __name__)
RUNS = log_kind("sync_runs.index", "sync run", "sync runs", "state")
OWN_RUNS = log_kind("sync_runs.of_organization", "sync run", "sync runs")
STATE_WORDS = {"active": "In progress", "failed": "Failed", "succeeded": "Succeeded"}


@bp.get("/sync-runs")
@permission("sync.view")
def index() -> ResponseReturnValue:
    """List the runs of all organizations, newest first."""
    state, asked = request.args.get("state"), RUNS.asked()
    narrowed = [Narrowed(("state",), STATE_WORDS[state])] if state in STATES else []
    return render_template(
        "sync_runs/index.html",
        runs=RUNS.listing(recent_runs(RunFilter(state=state), asked), asked.sort, narrowed),
        states=((None, "All"), *STATE_WORDS.items()),
        counts=counts_by_state(),
    )


@bp.get("/organizations/<slug>/syncs")
@permission("sync.view")
def of_organization(slug: str) -> ResponseReturnValue:
    """List the runs of one organization, newest first."""
    organization, asked = organization_by_slug(slug), OWN_RUNS.asked()
    found = recent_runs(RunFilter(slug=slug), asked)
    runs = OWN_RUNS.listing(found, asked.sort, slug=slug)
    return render_template("sync_runs/of_organization.html", organization=organization, runs=runs)


@bp.get("/organizations/<slug>/syncs/new")
@permission("sync.run")
def new(slug: str) -> ResponseReturnValue:
    """Show what a sync would send now; no call is made."""
    organization = counted_organization(slug, now=utc_now())
    invoice = current_invoice(organization)
    return _preview(organization, invoice, preview(invoice))


@bp.post("/organizations/<slug>/syncs")
@permission("sync.run")
def create(slug: str) -> ResponseReturnValue:
    """Ask for a sync, of exactly the previewed changes where a preview was applied.

    When the bill has moved since, the answer is the new preview.
    """
    organization, form = counted_organization(slug, now=utc_now()), SyncForm()
    chosen = form.invoice_sequence()
    invoice = invoice_by_sequence(organization, chosen) if chosen else current_invoice(organization)
    plan_hash = form.plan_hash.data or None
    if plan_hash and (plan := preview(invoice)).hash != plan_hash:
        return _preview(organization, invoice, plan, moved=True), Stale.status
    wanted = Request("support", current_actor(), verify=form.verify.data, plan_hash=plan_hash)
    run = request_sync(invoice, wanted, now=utc_now())
    enqueue_run(run)
    return redirect(url_for("sync_runs.show", slug=slug, run_id=run.id), code=303)


@bp.get("/organizations/<slug>/syncs/<int:run_id>")
@permission("sync.view")
def show(slug: str, run_id: int) -> ResponseReturnValue:
    """Show one run: its plan, its steps, how it ended."""
    run = run_with_steps(slug, run_id)
    return render_template(
        "sync_runs/show.html",
        organization=run.invoice.organization,
        run=run,
        is_active=is_active(run),
    )


@bp.get("/organizations/<slug>/syncs/<int:run_id>/progress")
@permission("sync.view")
def progress(slug: str, run_id: int) -> ResponseReturnValue:
    """Answer the run page's refreshes; the fragment of an ended run asks for no more."""
    run = run_with_steps(slug, run_id)
    tag = f"{run.state}.{run.attempts}.{run.calls_made}.{len(run.steps)}"
    tag += f".{sum(step.outcome is not None for step in run.steps)}"

    def render() -> str:
        return render_template(
            "sync_runs/_progress.html",
            organization=run.invoice.organization,
            run=run,
            is_active=is_active(run),
        )

    return live(tag, render)


def _preview(
    organization: Organization, invoice: Invoice, plan: Plan, *, moved: bool = False
) -> str:
    return render_template(
        "sync_runs/new.html",
        organization=organization,
        invoice=invoice,
        plan=plan,
        sync=status_of(invoice),
        moved=moved,
    )
