"""What happened to the lines of an organization's bills."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_query
from dashboard.api.schemas.history import ChangeOut, HistoryOut, HistoryQuery
from dashboard.reading.history import read_history
from dashboard.reading.history_query import HistoryFilter

bp = Blueprint("history", __name__, url_prefix="/organizations/<slug>/history")


@bp.get("")
@permission("api.invoices.read")
@operation(
    Operation(
        "List every change of every line, newest first", {200: HistoryOut}, query=HistoryQuery
    )
)
def index(slug: str) -> Response:
    """List changes of the lines of all invoices of an organization."""
    asked = read_query(HistoryQuery)
    wanted = HistoryFilter(
        caller.counted_organization(slug).id,
        item_id=asked.line,
        product=asked.product,
        cause=asked.cause,
        first=asked.first,
        last=asked.last,
    )
    found = read_history(wanted, before=asked.before, size=asked.size)
    return answer(
        HistoryOut.model_construct(
            changes=[ChangeOut.of(told) for told in found.rows],
            before=str(found.before) if found.before else None,
        )
    )
