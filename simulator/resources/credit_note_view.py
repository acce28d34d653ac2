"""How a credit note and its lines look in Stripe's replies."""

from __future__ import annotations

from simulator.engine.state import Call
from simulator.engine.store import Record, new_id


def render_note(call: Call, note: Record) -> Record:
    """Return the credit note as Stripe shows it."""
    own = ("note_lines", "refunds")
    plain = {name: value for name, value in note.items() if name not in own}
    invoice = call.store.all("invoice")[note["invoice"]]
    return {
        **plain,
        "object": "credit_note",
        "amount_shipping": 0,
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "lines": {
            "object": "list",
            "data": note["note_lines"],
            "has_more": False,
            "url": f"/v1/credit_notes/{note['id']}/lines",
        },
        "livemode": False,
        "pdf": f"{call.simulator.public_url}/i/{invoice['token']}/pdf",
        "pretax_credit_amounts": [],
        "refunds": [
            {**one, "type": "refund", "payment_record_refund": None}
            for one in note.get("refunds", ())
        ],
        "shipping_cost": None,
        "subtotal": note["amount"],
        "subtotal_excluding_tax": note["amount"],
        "total": note["amount"],
        "total_excluding_tax": note["amount"],
        "total_taxes": [],
    }


def note_line(kind: str, cents: int, description: str | None) -> Record:
    """Return one line of a new credit note, worth `cents` minor units."""
    return {
        "id": new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": cents,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": 1,
        "tax_rates": [],
        "taxes": [],
        "type": kind,
        "unit_amount": cents,
        "unit_amount_decimal": str(cents),
    }
