"""Reads of one page of a list, for whoever looks through all of it a few pages at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from dashboard.gateway import parsing
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.customer_records import RemoteCustomer
from dashboard.gateway.event_records import RemoteEvent, Unreadable
from dashboard.gateway.marks import INSTALLATION, metadata_of
from dashboard.gateway.pages import RemotePage
from dashboard.gateway.reading import read_event
from dashboard.gateway.records import RemoteInvoice

One = TypeVar("One")


class ListCalls(Calls):
    """What is asked for page by page. What others made on the account is left out unread."""

    _live: bool

    def invoices_page(
        self, installation: str, status: str, *, after: str | None
    ) -> RemotePage[RemoteInvoice]:
        """Read a hundred invoices of a status, the newest first."""
        query = {"status": status, "limit": PAGE}
        return self._page("invoices", query, after, parsing.parse_invoice, installation)

    def customers_page(self, installation: str, *, after: str | None) -> RemotePage[RemoteCustomer]:
        """Read a hundred customers, the newest first."""
        return self._page("customers", {"limit": PAGE}, after, parsing.parse_customer, installation)

    def events_page(
        self, types: Sequence[str], since: datetime, until: datetime, *, after: str | None
    ) -> RemotePage[RemoteEvent | Unreadable]:
        """Read a hundred events of up to twenty types, the newest first."""
        created = {"gte": int(since.timestamp()), "lte": math.ceil(until.timestamp())}
        query = {"types": list(types), "created": created, "limit": PAGE}
        return self._page("events", query, after, lambda one: read_event(one, live=self._live))

    def _page(
        self,
        what: str,
        query: Mapping[str, Any],
        after: str | None,
        parse: Callable[[Any], One],
        installation: str | None = None,
    ) -> RemotePage[One]:
        wanted = dict(query) if after is None else {**query, "starting_after": after}
        page = self._call(f"GET {what}", f"/v1/{what}", wanted).data
        rows = page["data"]
        ours = [
            parse(one)
            for one in rows
            if installation is None or metadata_of(one).get(INSTALLATION) == installation
        ]
        return RemotePage(ours, rows[-1]["id"] if page["has_more"] and rows else None)
