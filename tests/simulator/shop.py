"""What most tests of the simulator begin with: a customer, a draft, a few lines."""

from typing import Any

from stripe import Customer, Invoice
from stripe._v1_services import V1Services

GOOD_CARD = "pm_card_visa"
BAD_CARD = "pm_card_chargeDeclined"


class Shop:
    """Makes things through Stripe's own client."""

    def __init__(self, client: V1Services) -> None:
        self.client = client

    def customer(self, card: str | None = GOOD_CARD, **params: Any) -> Customer:
        """Return a new customer, with that card as the default unless None."""
        settings = {"invoice_settings": {"default_payment_method": card}} if card else {}
        return self.client.customers.create({"name": "Tarn", **settings, **params})

    def draft(self, *amounts: int, customer: str | None = None, **params: Any) -> Invoice:
        """Return a new draft in dollars with one line per amount."""
        owner = customer or self.customer().id
        draft = self.client.invoices.create({"customer": owner, "currency": "usd", **params})
        return self.add(draft.id, *amounts) if amounts else draft

    def add(self, invoice_id: str, *amounts: int) -> Invoice:
        """Add one line per amount."""
        lines = [{"amount": amount, "description": f"Line {amount}"} for amount in amounts]
        return self.client.invoices.add_lines(invoice_id, {"lines": lines})

    def opened(self, *amounts: int, **params: Any) -> Invoice:
        """Return an open invoice that Stripe does not try to collect by itself."""
        draft = self.draft(*(amounts or (5000,)), **params)
        return self.client.invoices.finalize_invoice(draft.id, {"auto_advance": False})

    def read(self, invoice_id: str) -> Invoice:
        """Read an invoice."""
        return self.client.invoices.retrieve(invoice_id)

    def lines(self, invoice_id: str) -> list[Any]:
        """Return every line."""
        pages = self.client.invoices.line_items.list(invoice_id, {"limit": 100})
        return list(pages.auto_paging_iter())

    def event_types(self) -> list[str]:
        """Return the types of all events, oldest first."""
        events = self.client.events.list({"limit": 100}).data
        return [event.type for event in reversed(events)]
