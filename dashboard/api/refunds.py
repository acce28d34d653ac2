"""Refunds: money of a paid invoice given back outside a credit note, once."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.keys import key_sent
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.refunds import RefundIn, RefundOut, RefundRoomOut
from dashboard.billing.models import Invoice
from dashboard.billing.notes import corrections_of
from dashboard.billing.overview import invoice_by_sequence
from dashboard.billing.refund_room import refund_room_of
from dashboard.billing.refund_sums import refunds_of
from dashboard.billing.refunds import WantedRefund, plan_refund, refund_by_key
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.money import Money
from jobs.refunds import carry_out_refund

bp = Blueprint(
    "refunds", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>/refunds"
)


@bp.get("/preview")
@permission("api.invoices.read")
@operation(Operation("Read what of a paid invoice can be refunded", {200: RefundRoomOut}))
def preview(slug: str, sequence: int) -> Response:
    """Read what is left of each payment, as far as it is known here; changes nothing."""
    invoice = invoice_by_sequence(caller.organization(slug), sequence)
    return answer(RefundRoomOut.of(refund_room_of(invoice)))


@bp.post("")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Refund a paid invoice outside a credit note; a repeated key refunds once",
        {201: RefundOut},
        body=RefundIn,
        headers={
            "Idempotency-Key": "Identifies the request; may be sent as `key` in the body instead."
        },
    )
)
def create(slug: str, sequence: int) -> Response:
    """Plan a refund; it is made at Stripe at once, and read again says whether it was."""
    sent = read_body(RefundIn)
    organization = caller.organization(slug)
    invoice = invoice_by_sequence(organization, sequence)
    key = key_sent(sent.key)
    known = refund_by_key(organization.id, key)
    if known is None:
        caller.require_below_limit(Money(-sent.amount_cents, invoice.currency))
    payment = sent.payment or (known.payment if known else _only_one(invoice))
    refund = plan_refund(
        invoice,
        WantedRefund(payment, sent.amount_cents, sent.purpose, sent.reason),
        key=key,
        actor=caller.actor(),
        now=utc_now(),
    )
    carry_out_refund.enqueue(refund.id)
    return answer(next(one for one in told_refunds(invoice) if one.id == refund.id), 201)


def told_refunds(invoice: Invoice) -> list[RefundOut]:
    """Return the refunds that were made here of an invoice, each with what Stripe says of it."""
    status = {row.stripe_id: row.status for row in corrections_of(invoice)}
    return [RefundOut.of(one, status.get(str(one.stripe_id))) for one in refunds_of(invoice)]


def _only_one(invoice: Invoice) -> str:
    """Return the one payment that has something left; raise Invalid where it must be named."""
    refundable = refund_room_of(invoice).refundable
    if len(refundable) != 1:
        which = "None has anything left" if not refundable else "Several have something left"
        raise Invalid(
            f"{which}, so `payment` cannot be left out. Nothing was changed. Read the preview.",
            field="payment",
        )
    return refundable[0].id
