"""What API version 2026-10-28.endive has and the published document (2026-05-27.dahlia) lacks.

Only what the simulator's operations need, taken from the parameters and resources of stripe-python
16.1.0. Each entry replaces or adds one field; delete an entry once the document carries it.
"""

from __future__ import annotations

from typing import Any

_TAX_DETAILS = {
    "type": "object",
    "properties": {
        "performance_location": {"type": "string"},
        "tax_code": {"anyOf": [{"type": "string"}, {"type": "string", "enum": [""]}]},
    },
}

REQUEST_FIELDS: dict[str, dict[str, Any]] = {
    "POST /v1/customers": {"validate": {"type": "boolean"}},
    "POST /v1/customers/{customer}": {"validate": {"type": "boolean"}},
    "POST /v1/billing_portal/sessions": {
        "after_expiration": {
            "type": "object",
            "properties": {"type": {"type": "string"}},
            "required": ["type"],
            "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    },
    "POST /v1/invoiceitems/{invoiceitem}": {
        "invoicing_rules": {"type": "string", "enum": [""]},
    },
    # The document names the versions up to its own.
    "POST /v1/webhook_endpoints": {"api_version": {"type": "string", "maxLength": 5000}},
}

# `lines[i][price_data][product_data]` gained tax_details.
LINE_OPERATIONS = (
    "POST /v1/invoices/{invoice}/add_lines",
    "POST /v1/invoices/{invoice}/update_lines",
)
PRODUCT_DATA_FIELDS: dict[str, Any] = {"tax_details": _TAX_DETAILS}

_ANYTHING: dict[str, Any] = {}
REPLY_FIELDS: dict[str, dict[str, Any]] = {
    "invoice": {"status_details": _ANYTHING},
    "invoiceitem": {"frozen_fields": _ANYTHING, "invoicing_rules": _ANYTHING},
    "billing_portal.session": {"after_expiration": _ANYTHING},
}
# Fields that a reply holds only when `expand[]` asks for them, required by the document.
REPLY_OPTIONAL: dict[str, tuple[str, ...]] = {"invoice": ("amount_paid_off_stripe",)}
