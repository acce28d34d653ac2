"""The customer's balance at Stripe, as far as the ledger knows it."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation
from dashboard.api.schemas.balances import BalanceOut
from dashboard.billing.balance_history import balance_history

bp = Blueprint("balances", __name__, url_prefix="/organizations/<slug>/balance")


@bp.get("")
@permission("api.invoices.read")
@operation(Operation("Read what moved the customer's balance at Stripe", {200: BalanceOut}))
def show(slug: str) -> Response:
    """Read the moves, oldest first; Stripe is not asked."""
    return answer(BalanceOut.of(balance_history(caller.organization(slug))))
