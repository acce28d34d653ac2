"""The product's HTTP API, as one of the company's sub-systems calls it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import count
from typing import Any, TypeAlias

import requests

# Below the patience of whoever stops us: a request under way is waited for.
TIMEOUT_SECONDS = 12
LONGEST_PAUSE_SECONDS = 1.0
# Statuses that say nothing against the request itself.
LATER = frozenset({408, 429, 500, 502, 503, 504})
Json: TypeAlias = dict[str, Any]


class ApiAway(Exception):
    """The API cannot be reached or cannot answer now; the same request may work later."""


class ApiRefused(Exception):
    """The API refuses the request as it is; `codes` are the reasons it names."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{problem.get('detail', status)} {problem.get('errors') or ''}".strip())
        self.status = status
        self.codes = {problem.get("code"), *(one["code"] for one in problem.get("errors", ()))}


class BillingApi:
    """Calls with one token. Each is tried `patience` times before it raises ApiAway."""

    def __init__(self, address: str, token: str, *, patience: int = 1) -> None:
        self._base = f"{address}/api/v1"
        self._patience = patience
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def prices(self) -> list[Json]:
        """Return the catalogue."""
        found: list[Json] = self._ask("GET", "/prices")["prices"]
        return found

    def create_price(self, body: Json) -> Json:
        """Make a price of the catalogue."""
        return self._ask("POST", "/prices", body)

    def set_product(self, code: str, product: str) -> Json:
        """List a price under a product."""
        return self._ask("PATCH", f"/prices/{code}", {"product": product})

    def organization(self, slug: str) -> Json | None:
        """Return an organization; None when there is none of that name."""
        try:
            return self._ask("GET", f"/organizations/{slug}")
        except ApiRefused as refusal:
            if refusal.status == 404:
                return None
            raise

    def create_organization(self, body: Json) -> Json:
        """Make an organization."""
        return self._ask("POST", "/organizations", body)

    def services(self, slug: str) -> list[Json]:
        """Return all services of an organization, detached ones too."""
        found: list[Json] = []
        for number in count(1):
            page = self._ask("GET", f"/organizations/{slug}/services?page={number}")
            found += page["services"]
            if not page["services"] or len(found) >= page["total"]:
                break
        return found

    def attach(self, slug: str, body: Json) -> Json:
        """Attach a service."""
        return self._ask("POST", f"/organizations/{slug}/services", body)

    def detach(self, slug: str, service_id: int) -> Json:
        """End a service now."""
        return self._ask("POST", f"/organizations/{slug}/services/{service_id}/detachment", {})

    def adjust(self, slug: str, body: Json) -> Json:
        """Add a charge or credit to the current invoice, once for its key."""
        return self._ask("POST", f"/organizations/{slug}/adjustments", body)

    def budget_cents(self, slug: str) -> int | None:
        """Return what a cycle is meant to cost; None without a budget."""
        cents: int | None = self._ask("GET", f"/organizations/{slug}/budget")["amount_cents"]
        return cents

    def set_budget(self, slug: str, cents: int) -> Json:
        """Set what a cycle is meant to cost."""
        return self._ask("PUT", f"/organizations/{slug}/budget", {"amount_cents": cents})

    def report(self, records: Sequence[Json]) -> Json:
        """Report usage: all of the batch counts, or nothing of it."""
        return self._ask("POST", "/usage", {"records": list(records)})

    def current_invoice(self, slug: str) -> Json:
        """Return the invoice that charges go to now."""
        return self._ask("GET", f"/organizations/{slug}/current-invoice")

    def sync(self, slug: str) -> Json:
        """Ask for a sync of the current invoice."""
        return self._ask("POST", f"/organizations/{slug}/syncs", {})

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        for attempt in range(self._patience):
            try:
                return self._ask_once(method, path, body)
            except ApiAway:
                if attempt + 1 == self._patience:
                    raise
                time.sleep(min(0.25 * 2**attempt, LONGEST_PAUSE_SECONDS))
        raise AssertionError("patience is above zero")

    def _ask_once(self, method: str, path: str, body: Json | None) -> Json:
        try:
            answer = self._session.request(
                method, f"{self._base}{path}", json=body, timeout=TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise ApiAway(f"{type(error).__name__} at {self._base}") from None
        if answer.status_code in LATER:
            raise ApiAway(f"{self._base} answered {answer.status_code}")
        read: Json = answer.json()
        if read.get("code") == "busy":
            raise ApiAway(str(read.get("detail")))
        if answer.status_code >= 400:
            raise ApiRefused(answer.status_code, read)
        return read
