"""How a request is made, whatever it asks: one call, or one for each page of a list."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from dashboard.gateway.answers import Answer
from dashboard.gateway.requests import Body

PAGE = 100


class Calls(ABC):
    """Some of the gateway's calls; `stripe.py` sends them."""

    @abstractmethod
    def _call(
        self, endpoint: str, to: str, body: Body | None = None, *, key: str | None = None
    ) -> Answer:
        """Make one call when the limiter admits it; `endpoint` names what shares a limit."""

    def _pages(self, endpoint: str, to: str, query: Body) -> Iterator[Any]:
        """Yield every object of a list, a call for each page."""
        more = True
        while more:
            page = self._call(endpoint, to, query).data
            yield from page["data"]
            more = bool(page["has_more"]) and bool(page["data"])
            if more:
                query = {**query, "starting_after": page["data"][-1]["id"]}
