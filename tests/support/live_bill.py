"""A bill that moves while somebody has it open."""

from decimal import Decimal

from playwright.sync_api import Page

from dashboard.clock import utc_now
from dashboard.transaction import transaction
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord


def use(quantity: int) -> None:
    """Report usage of Acme."""
    now = utc_now()
    with transaction():
        entry = ReportedRecord("acme", "acme-requests", f"k{quantity}", Decimal(quantity), now)
        record_batch([entry], now=now)


def wake(page: Page) -> None:
    """Let the bill refresh now instead of in some seconds."""
    page.evaluate("htmx.trigger('#bill', 'wake')")
