"""Automatic tax of an organization's bills: how it stands, and the switch with its preview."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.taxes import TaxIn, TaxOut, TaxSwitchedOut
from dashboard.clock import utc_now
from dashboard.sync.tax_switch import plan_tax, switch_tax

bp = Blueprint("taxes", __name__, url_prefix="/organizations/<slug>/tax")


@bp.get("")
@permission("api.organizations.read")
@operation(
    Operation("Read whether Stripe works tax out, and what switching would do", {200: TaxOut})
)
def read(slug: str) -> Response:
    """Read how automatic tax stands, and what the other way would do; changes nothing."""
    organization = caller.counted_organization(slug)
    plan = plan_tax(organization, is_on=not organization.automatic_tax)
    return answer(TaxOut.of(organization, plan))


@bp.post("")
@permission("api.organizations.write")
@operation(
    Operation(
        "Switch automatic tax from the current invoice on; the same again changes nothing",
        {201: TaxSwitchedOut, 200: TaxSwitchedOut},
        body=TaxIn,
    )
)
def switch(slug: str) -> Response:
    """Have Stripe work tax out for the current invoice and all after it, or not."""
    wanted = read_body(TaxIn)
    plan = switch_tax(
        caller.organization(slug),
        is_on=wanted.automatic_tax,
        reason=wanted.reason,
        actor=caller.actor(),
        now=utc_now(),
        seen=wanted.seen,
    )
    return answer(TaxSwitchedOut.of(plan), 201 if plan.is_new else 200)
