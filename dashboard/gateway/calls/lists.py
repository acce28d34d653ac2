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
        return self._by_time("invoices", query, after, parsing.parse_invoice, installation)

    def customers_page(self, installation: str, *, after: str | None) -> RemotePage[RemoteCustomer]:
        """Read a hundred customers, the newest first."""
        query = {"limit": PAGE}
        return self._by_time("customers", query, after, parsing.parse_customer, installation)

    def events_page(
        self, types: Sequence[str], since: datetime, until: datetime, *, after: str | None
    ) -> RemotePage[RemoteEvent | Unreadable]:
        """Read a hundred events of up to twenty types, the newest first."""
        created = {"gte": int(since.timestamp()), "lte": math.ceil(until.timestamp())}
        query: dict[str, Any] = {"types": list(types), "created": created, "limit": PAGE}
        if after is not None:
            query["starting_after"] = after
        page = self._call("GET events", "/v1/events", query).data
        rows = page["data"]
        found = [read_event(one, live=self._live) for one in rows]
        return RemotePage(found, rows[-1]["id"] if page["has_more"] and rows else None)

    def _by_time(
        self,
        what: str,
        query: Mapping[str, Any],
        after: str | None,
        parse: Callable[[Any], One],
        installation: str,
    ) -> RemotePage[One]:
        """Read a page of what was made up to a second: what is listed may be gone by the next."""
        until = {} if after is None else {"created": {"lte": int(after)}}
        page = self._call(f"GET {what}", f"/v1/{what}", {**query, **until}).data
        rows = page["data"]
        ours = [parse(one) for one in rows if metadata_of(one).get(INSTALLATION) == installation]
        if not page["has_more"] or not rows:
            return RemotePage(ours, None)
        last = int(rows[-1]["created"])
        # A second with more than a page of them is not left for ever: Stripe makes fewer in one.
        return RemotePage(ours, str(last - 1 if str(last) == after else last))
