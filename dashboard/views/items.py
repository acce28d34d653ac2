"""One item of an invoice: where its amount comes from."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.billing.fold import counted_organization
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.overview import invoice_by_sequence, item_of
from dashboard.clock import utc_now
from dashboard.pricing.versions import terms_of
from dashboard.reading.breakdown import ServiceTotal, usage_by_day, usage_by_service
from dashboard.reading.cycle_usage import CycleUsage, usage_in_cycle
from dashboard.reading.history import read_history
from dashboard.reading.history_query import HistoryFilter
from dashboard.reading.line_syncs import LineSync, line_syncs
from dashboard.views.access import reader
from dashboard.views.chart import BarChart, chart_of_cycle
from dashboard.views.history_words import WORDS
from dashboard.views.item_words import price_of

bp = Blueprint("items", __name__, url_prefix="/organizations/<slug>/invoices/<int:sequence>/items")
# The newest changes; the others are in the organization's history.
NEWEST = 8


@bp.get("/<int:item_id>")
@permission("invoice.view")
def show(slug: str, sequence: int, item_id: int) -> ResponseReturnValue:
    """Explain a charge: every number it came from, its usage by day and by service."""
    organization = counted_organization(slug, now=utc_now())
    invoice = invoice_by_sequence(organization, sequence)
    item = item_of(invoice, item_id)
    return render_template(
        "items/show.html",
        organization=organization,
        invoice=invoice,
        item=item,
        chart=_chart(item),
        used=_used(item),
        services=_services(item),
        line=_line(invoice, item),
        unit_price=price_of(terms_of(item.price_version)) if item.price_version else "",
        found=read_history(HistoryFilter(organization.id, item_id=item.id), size=NEWEST),
        **WORDS,
    )


def _chart(item: InvoiceItem) -> BarChart | None:
    if item.kind != "metered" or item.price_version_id is None:
        return None
    return chart_of_cycle(usage_by_day(item.cycle_id, item.price_version_id), item.cycle, utc_now())


def _used(item: InvoiceItem) -> CycleUsage | None:
    """Return the usage of the whole cycle, of which the item may bill a part."""
    if item.kind != "metered" or item.price_version_id is None:
        return None
    return usage_in_cycle(item.organization_id, item.cycle_id, item.price_version_id)[0]


def _services(item: InvoiceItem) -> list[ServiceTotal]:
    if item.kind != "metered" or item.price_version_id is None:
        return []
    return usage_by_service(item.cycle_id, item.price_version_id)


def _line(invoice: Invoice, item: InvoiceItem) -> LineSync | None:
    return line_syncs(invoice, [item])[item.id] if reader().is_staff else None
