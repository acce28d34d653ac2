"""Syncs: planned, asked for, watched."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.syncs import PlanOut, SyncIn, SyncOut
from dashboard.billing.draft import current_invoice
from dashboard.clock import utc_now
from dashboard.errors import Stale
from dashboard.reading.sync_runs import run_with_steps
from dashboard.sync.request import Request, preview, request_sync
from jobs.syncs import enqueue_run

bp = Blueprint("syncs", __name__, url_prefix="/organizations/<slug>/syncs")


@bp.post("")
@permission("api.syncs.write")
@operation(
    Operation(
        "Sync the current invoice with Stripe, or plan it",
        {202: SyncOut, 200: PlanOut},
        body=SyncIn,
    )
)
def create(slug: str) -> Response:
    """Queue a sync of the current invoice, or answer what it would send."""
    wanted = read_body(SyncIn)
    invoice = current_invoice(caller.counted_organization(slug))
    if wanted.preview:
        return answer(PlanOut.of(preview(invoice)))
    if wanted.plan_hash and preview(invoice).hash != wanted.plan_hash:
        raise Stale("The ledger changed since the preview. Nothing was sent. Preview it again.")
    asked = Request("api", caller.actor(), verify=wanted.verify, plan_hash=wanted.plan_hash)
    run = request_sync(invoice, asked, now=utc_now())
    enqueue_run(run)
    return answer(SyncOut.of(run), 202)


@bp.get("/<int:run_id>")
@permission("api.syncs.read")
@operation(Operation("Read a sync", {200: SyncOut}))
def show(slug: str, run_id: int) -> Response:
    """Read how a sync is getting on."""
    caller.organization(slug)
    return answer(SyncOut.of(run_with_steps(slug, run_id)))
