"""Our durable names at Stripe, and reading them back.

They come back on every read and in every event, and are long because several applications may share
an account. The first release used the short ones beside them.
"""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

INSTALLATION = "dashboard_installation"
ITEM, OLD_ITEM = "dashboard_item", "invoice_item"
INVOICE, OLD_INVOICE = "dashboard_invoice", "invoice"
ORGANIZATION, OLD_ORGANIZATION = "dashboard_organization", "organization"
CREDIT_NOTE = "dashboard_credit_note"
REFUND = "dashboard_refund"
# Of the one object at Stripe that says how much the ledger knew: see `dashboard.restores`.
LEDGER = "dashboard_ledger_"


def marks_of(data: Json, name: str, old_name: str | None = None) -> tuple[str | None, str | None]:
    """Return the installation that an object claims to be of, and its number there."""
    metadata = metadata_of(data)
    installation = metadata.get(INSTALLATION)
    if installation is None and old_name is not None:
        return None, metadata.get(old_name)
    return installation, metadata.get(name)


def ledger_marks(data: Json) -> frozenset[str]:
    """Return the names of the ledger's mark that an object bears."""
    names = (name for name in metadata_of(data) if name.startswith(LEDGER))
    return frozenset(name.removeprefix(LEDGER) for name in names)


def metadata_of(data: Json) -> dict[str, str]:
    """Return the object's metadata, which is texts: an event may claim otherwise."""
    found = data.get("metadata")
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: value for name, value in pairs if isinstance(value, str)}
