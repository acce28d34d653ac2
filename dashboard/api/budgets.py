"""Budgets: what a cycle is meant to cost, and what it has reached of that."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body
from dashboard.api.schemas.budgets import BudgetIn, BudgetOut
from dashboard.billing.current import draft_of
from dashboard.budgets.change import set_budget
from dashboard.budgets.listing import alerts_in_cycle
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.reading.budget import budget_of

bp = Blueprint("budgets", __name__, url_prefix="/organizations/<slug>/budget")


@bp.get("")
@permission("api.budgets.read")
@operation(Operation("Read the budget and how much of it this cycle uses", {200: BudgetOut}))
def show(slug: str) -> Response:
    """Read an organization's budget."""
    return answer(_told(caller.counted_organization(slug)))


@bp.put("")
@permission("api.budgets.write")
@operation(
    Operation("Set or remove the budget", {200: BudgetOut}, body=BudgetIn),
)
def update(slug: str) -> Response:
    """Set an organization's budget."""
    wanted = read_body(BudgetIn)
    organization = caller.organization(slug)
    set_budget(organization, wanted.amount_cents, now=utc_now(), actor=caller.actor())
    # Only now is usage counted, which holds invoices: organizations are locked before them.
    return answer(_told(caller.counted_organization(slug)))


def _told(organization: Organization) -> BudgetOut:
    invoice = draft_of(organization)
    budget = budget_of(organization, invoice, now=utc_now()) if invoice else None
    alerts = (
        alerts_in_cycle(organization.id, invoice.cycle_id, budget.cents)
        if invoice and budget
        else []
    )
    return BudgetOut.of(organization, budget, alerts)
