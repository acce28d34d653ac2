"""Reissues: an issued invoice is taken back at Stripe, and what is owed of it billed again."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.keys import key_sent
from dashboard.api.operation import Operation, answer, operation, read_body, read_query
from dashboard.api.schemas.reissues import ReissueIn, ReissueOut, ReissuePreviewOut, ReissueQuery
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.reissue import plan_reissue, reissue_by_key
from dashboard.billing.reissue_preview import preview_reissue
from dashboard.clock import utc_now
from dashboard.money import Money
from jobs.reissues import begin_reissue

bp = Blueprint(
    "reissues", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>/reissues"
)


@bp.get("/preview")
@permission("api.invoices.read")
@operation(
    Operation(
        "Read what reissuing an invoice would do", {200: ReissuePreviewOut}, query=ReissueQuery
    )
)
def preview(slug: str, sequence: int) -> Response:
    """Read what would be taken back and billed again; changes nothing."""
    wanted = read_query(ReissueQuery)
    invoice = invoice_by_sequence(caller.counted_organization(slug), sequence)
    shown = preview_reissue(invoice, now=utc_now(), paid_part=wanted.paid_part)
    return answer(ReissuePreviewOut.of(shown))


@bp.post("")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Take an issued invoice back and bill it again; a repeated key does it once",
        {201: ReissueOut},
        body=ReissueIn,
        headers={
            "Idempotency-Key": "Identifies the request; may be sent as `key` in the body instead."
        },
    )
)
def create(slug: str, sequence: int) -> Response:
    """Plan a reissue; it is carried out at once, and read again says whether it was."""
    wanted = read_body(ReissueIn)
    organization = caller.organization(slug)
    invoice = invoice_by_sequence(organization, sequence)
    key = key_sent(wanted.key)
    if reissue_by_key(organization.id, key) is None:
        caller.require_below_limit(Money(wanted.cents, invoice.currency))
    reissue = plan_reissue(
        invoice,
        seen_cents=wanted.cents,
        seen_way=wanted.way,
        reason=wanted.reason,
        key=key,
        actor=caller.actor(),
        now=utc_now(),
        paid_part=wanted.paid_part,
    )
    begin_reissue(reissue)
    return answer(ReissueOut.of(reissue), 201)
