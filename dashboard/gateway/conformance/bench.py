"""What a check works on: a customer and drafts of its own, put away again when the run is over."""

from __future__ import annotations

from typing import Any

from dashboard.gateway.conformance.api import Api, Reply

PURPOSE = {"purpose": "conformance"}


class Differs(AssertionError):
    """Stripe does something else than we assume; the message says what was seen."""


class SetupFailed(RuntimeError):
    """The check could not even begin; the message carries Stripe's refusal."""


class Bench:
    """Makes customers, drafts and lines through the API and remembers them for `put_away`."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._customers: list[str] = []
        self._invoices: list[str] = []
        self._items: list[str] = []

    def customer(self) -> str:
        """Create a customer without history and return its id."""
        reply = granted(self.api.post("customers", name="Conformance check", metadata=PURPOSE))
        self._customers.append(reply["id"])
        return str(reply["id"])

    def draft(self, customer: str | None = None, **params: Any) -> Reply:
        """Create a draft, unless told otherwise in US dollars and sent, not charged."""
        terms = {
            "currency": "usd",
            "collection_method": "send_invoice",
            "days_until_due": 30,
            **params,
        }
        if terms["collection_method"] == "charge_automatically":
            del terms["days_until_due"]
        owner = customer or self.customer()
        reply = self.api.post("invoices", customer=owner, metadata=PURPOSE, **terms)
        self.remember(granted(reply))
        return reply

    def draft_with(self, *lines: dict[str, Any], **params: Any) -> Reply:
        """Create a draft with these lines and return the reply of adding them."""
        invoice = self.draft(**params)
        return granted(self.add(invoice["id"], *lines))

    def add(self, invoice_id: str, *lines: dict[str, Any], **params: Any) -> Reply:
        """Add lines; whether that is granted is for the check to say."""
        return self.api.post(f"invoices/{invoice_id}/add_lines", lines=list(lines), **params)

    def update(self, invoice_id: str, *lines: dict[str, Any], **params: Any) -> Reply:
        """Change lines by their il_ ids."""
        return self.api.post(f"invoices/{invoice_id}/update_lines", lines=list(lines), **params)

    def remove(self, invoice_id: str, *line_ids: str, **params: Any) -> Reply:
        """Delete lines for good."""
        lines = [{"id": one, "behavior": "delete"} for one in line_ids]
        return self.api.post(f"invoices/{invoice_id}/remove_lines", lines=lines, **params)

    def lines(self, invoice_id: str) -> list[dict[str, Any]]:
        """Return every line, a hundred a call."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            path = f"invoices/{invoice_id}/lines"
            page = granted(self.api.get(path, limit=100, **cursor))
            found.extend(page["data"])
            if not page["has_more"]:
                return found
            cursor = {"starting_after": found[-1]["id"]}

    def remember(self, invoice: Reply) -> None:
        """Have the invoice deleted or voided at the end."""
        self._invoices.append(invoice["id"])

    def remember_item(self, item_id: str) -> None:
        """Have the pending invoice item deleted at the end."""
        self._items.append(item_id)

    def put_away(self) -> None:
        """Delete drafts, items and customers, void what can no longer be deleted."""
        for invoice_id in self._invoices:
            if self.api.delete(f"invoices/{invoice_id}").status == 400:
                self.api.post(f"invoices/{invoice_id}/void")
        for item_id in self._items:
            self.api.delete(f"invoiceitems/{item_id}")
        for customer_id in self._customers:
            self.api.delete(f"customers/{customer_id}")


def granted(reply: Reply) -> Reply:
    """Return a 200 as it is. Raises SetupFailed with Stripe's words otherwise."""
    if reply.status != 200:
        refusal = reply.body.get("error", {}).get("message", reply.body)
        raise SetupFailed(f"Stripe answered {reply.status}: {refusal}")
    return reply


def expect(holds: object, seen: str) -> None:
    """Raise Differs, saying what was seen, unless `holds`."""
    if not holds:
        raise Differs(seen)


def expect_refusal(reply: Reply, status: int, code: str | None = None) -> None:
    """Raise Differs unless the reply is that refusal (any code when None)."""
    seen = f"answered {reply.status} {reply.error_code or ''}".strip()
    expect(reply.status == status and code in (None, reply.error_code), seen)


def line(amount: int = 100, **fields: Any) -> dict[str, Any]:
    """Return one line as the product sends it: an integer amount and a description."""
    return {"amount": amount, "description": "Conformance line", **fields}
