"""Whether people let a bill be issued: read it, hold it, release it. A program approves nothing."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.issues import HoldIn, IssueOut, ReleaseIn
from dashboard.billing.models import Invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.closing.hold import hold_bill
from dashboard.closing.people import open_hold
from dashboard.sync.let_issue import release_bill
from jobs.syncs import enqueue_run

bp = Blueprint("issues", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>/issue")


@bp.get("")
@permission("api.closings.read")
@operation(Operation("Read whether people let a bill be issued", {200: IssueOut}))
def show(slug: str, sequence: int) -> Response:
    """Read who holds it, and whether it waits for an approval; changes nothing."""
    organization = caller.counted_organization(slug)
    return answer(IssueOut.of(invoice_by_sequence(organization, sequence)))


@bp.post("/holds")
@permission("api.closings.write")
@operation(
    Operation(
        "Hold a bill until it is released; one that is held stays held for its first reason",
        {201: IssueOut, 200: IssueOut},
        body=HoldIn,
    )
)
def hold(slug: str, sequence: int) -> Response:
    """Have it not issued before it is released, whether its cycle is over or not."""
    wanted = read_body(HoldIn)
    invoice = _invoice(slug, sequence)
    was_held = open_hold(invoice.id) is not None
    hold_bill(invoice, reason=wanted.reason, actor=caller.actor(), now=utc_now())
    return answer(IssueOut.of(invoice), 200 if was_held else 201)


@bp.post("/releases")
@permission("api.closings.write")
@operation(
    Operation("Release a held bill; one that is not held stays as it is", {200: IssueOut},
              body=ReleaseIn)
)  # fmt: skip
def release(slug: str, sequence: int) -> Response:
    """Let it be issued like any other."""
    wanted = read_body(ReleaseIn)
    invoice = _invoice(slug, sequence)
    run = release_bill(invoice, reason=wanted.reason, actor=caller.actor(), now=utc_now())
    if run is not None:
        enqueue_run(run)
    return answer(IssueOut.of(invoice))


def _invoice(slug: str, sequence: int) -> Invoice:
    return invoice_by_sequence(caller.organization(slug), sequence)
