"""Adjustments: one-off charges and credits."""

from flask import Blueprint, Response, request

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.invoices import AdjustmentIn, AdjustmentOut
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_over
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.text import unprintable

bp = Blueprint("adjustments", __name__, url_prefix="/organizations/<slug>/adjustments")
KEY_LENGTH = 200


@bp.post("")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Add a charge or credit to the current invoice; the same key again is one",
        {201: AdjustmentOut},
        body=AdjustmentIn,
        headers={"Idempotency-Key": "Names the request; may be sent as `key` instead."},
    )
)
def create(slug: str) -> Response:
    """Add a one-off charge or credit."""
    wanted = read_body(AdjustmentIn)
    organization = caller.organization(slug)
    now = utc_now()
    made = add_adjustment(
        roll_over(organization, now=now),
        Money(wanted.amount_cents, wanted.currency or organization.currency),
        reason=wanted.reason,
        description=wanted.description,
        key=_key(wanted),
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


def _key(wanted: AdjustmentIn) -> str:
    key = wanted.key or request.headers.get("Idempotency-Key", "")
    if not key or len(key) > KEY_LENGTH or unprintable(key):
        raise Invalid(
            f"Send an Idempotency-Key header or a key of at most {KEY_LENGTH} characters that can "
            "be shown, so that repeating the request adds nothing twice. Nothing was added.",
            field="key",
        )
    return key
