"""Calls about the mark: a customer to whom nothing is ever billed, and its metadata.

A customer, as a restricted key that makes ours may write it; nothing else needs a right for it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from dashboard.gateway.calls.base import Calls
from dashboard.gateway.customer_records import RemoteMark
from dashboard.gateway.marks import INSTALLATION, LEDGER, ledger_marks
from dashboard.gateway.requests import path

NAME = "Mark of the billing ledger (keep, bill nothing)"


class MarkCalls(Calls):
    """What is asked of the object that bears the ledger's mark."""

    def create_mark(self, installation: str, name: str, *, key: str) -> RemoteMark:
        """Create the object with its first mark."""
        body = {"name": NAME, "metadata": {INSTALLATION: installation, LEDGER + name: "first"}}
        return _parse(self._call("POST customers", "/v1/customers", body, key=key).data)

    def write_mark(
        self, stripe_id: str, name: str, gone: Collection[str], *, at: datetime, key: str
    ) -> RemoteMark:
        """Add a mark and take those away; an empty value is how Stripe removes a name."""
        marks = {LEDGER + one: "" for one in sorted(gone)} | {LEDGER + name: at.isoformat()}
        to = path("customers", stripe_id)
        return _parse(self._call("POST customer", to, {"metadata": marks}, key=key).data)

    def mark(self, stripe_id: str) -> RemoteMark:
        """Read the object."""
        return _parse(self._call("GET customer", path("customers", stripe_id)).data)


def _parse(data: Any) -> RemoteMark:
    return RemoteMark(str(data["id"]), ledger_marks(data), is_deleted=bool(data.get("deleted")))
