"""What Stripe billed differently: read what can be done about it, and decide, once."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.keys import key_sent
from dashboard.api.operation import Operation, answer, operation, read_body, read_query
from dashboard.api.schemas.differences import (
    DifferenceDecisionIn,
    DifferenceDecisionOut,
    DifferenceOut,
    DifferenceQuery,
)
from dashboard.billing.difference_decide import decide_difference, decision_by_key
from dashboard.billing.difference_preview import offered
from dashboard.billing.draft import current_invoice
from dashboard.billing.overview import invoice_by_sequence
from dashboard.clock import utc_now
from dashboard.money import Money
from jobs.credit_notes import carry_out_credit_note

bp = Blueprint(
    "differences", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>/difference"
)


@bp.get("")
@permission("api.invoices.read")
@operation(
    Operation(
        "Read what Stripe billed differently, and what can be done about it",
        {200: DifferenceOut},
        query=DifferenceQuery,
    )
)
def show(slug: str, sequence: int) -> Response:
    """Read what is left to decide on of an issued invoice; changes nothing."""
    wanted = read_query(DifferenceQuery)
    organization = caller.counted_organization(slug)
    invoice = invoice_by_sequence(organization, sequence)
    return answer(
        DifferenceOut.of(offered(invoice, current_invoice(organization), wanted.paid_part))
    )


@bp.post("/decisions")
@permission("api.adjustments.write")
@operation(
    Operation(
        "Decide on what Stripe billed differently; a repeated key decides once",
        {201: DifferenceDecisionOut},
        body=DifferenceDecisionIn,
        headers={
            "Idempotency-Key": "Identifies the request; may be sent as `key` in the body instead."
        },
    )
)
def create(slug: str, sequence: int) -> Response:
    """Credit it, carry it to the current invoice, or leave it."""
    wanted = read_body(DifferenceDecisionIn)
    organization = caller.organization(slug)
    invoice = invoice_by_sequence(organization, sequence)
    key = key_sent(wanted.key)
    if decision_by_key(organization.id, key) is None:
        caller.require_below_limit(Money(-wanted.cents, invoice.currency))
    made = decide_difference(
        invoice,
        wanted.decision,
        seen_cents=wanted.cents,
        reason=wanted.reason,
        key=key,
        actor=caller.actor(),
        now=utc_now(),
        paid_part=wanted.paid_part,
    )
    if made.note_id is not None:
        carry_out_credit_note.enqueue(made.note_id)
    return answer(DifferenceDecisionOut.of(made), 201)
