"""Adjustments: one-off charges and credits."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.keys import key_sent
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.invoices import AdjustmentIn, AdjustmentOut
from dashboard.billing.adjust import add_adjustment, adjustment_by_key
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_over
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.money import Money

bp = Blueprint("adjustments", __name__, url_prefix="/organizations/<slug>/adjustments")


@bp.post("")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Add a charge or credit to the current invoice; a repeated key adds it once",
        {201: AdjustmentOut},
        body=AdjustmentIn,
        headers={
            "Idempotency-Key": "Identifies the request; may be sent as `key` in the body instead."
        },
    )
)
def create(slug: str) -> Response:
    """Add a one-off charge or credit."""
    wanted = read_body(AdjustmentIn)
    organization = caller.organization(slug)
    amount = Money(wanted.amount_cents, wanted.currency or organization.currency)
    key, now = key_sent(wanted.key), utc_now()
    # What was done before the limit was set was done: its repeat is answered as it was.
    if adjustment_by_key(organization.id, key) is None:
        caller.require_below_limit(amount)
    made = add_adjustment(
        roll_over(organization, now=now),
        amount,
        reason=wanted.reason,
        description=wanted.description,
        key=key,
        actor=caller.actor(),
        now=now,
    )
    return answer(
        AdjustmentOut(
            id=made.id,
            invoice=db.session.get_one(Invoice, made.invoice_id).sequence,
            amount_cents=made.amount_cents,
            description=made.description,
            reason=made.reason,
            key=made.idempotency_key,
            created_at=made.created_at,
        ),
        201,
    )
