"""What somebody does to an invoice in Stripe's dashboard, done to the simulator."""

from __future__ import annotations

from typing import Any

import requests

from tests.support.simulator import API_KEY


def act(simulator_url: str, path: str, **body: Any) -> dict[str, Any]:
    """Return the reply to a call of somebody else's."""
    return _ask("POST", f"{simulator_url}/v1/{path}", data=body)


def look(simulator_url: str, path: str, **query: Any) -> dict[str, Any]:
    """Return what Stripe shows there."""
    return _ask("GET", f"{simulator_url}/v1/{path}", params=query)


def end(simulator_url: str, path: str) -> dict[str, Any]:
    """Return the reply to a call of somebody else's that deletes or cancels."""
    return _ask("DELETE", f"{simulator_url}/v1/{path}")


def void(simulator_url: str, stripe_id: str | None) -> dict[str, Any]:
    """Void an invoice."""
    return act(simulator_url, f"invoices/{stripe_id}/void")


def edit(simulator_url: str, stripe_id: str | None, more_cents: int = 0) -> dict[str, Any]:
    """Edit an invoice: a revision, with a line of so much added, replaces it."""
    body = {"from_invoice[action]": "revision", "from_invoice[invoice]": stripe_id}
    revision = act(simulator_url, "invoices", **body)
    if more_cents:
        line = {"lines[0][amount]": more_cents, "lines[0][description]": "Added by hand"}
        act(simulator_url, f"invoices/{revision['id']}/add_lines", **line)
    return act(simulator_url, f"invoices/{revision['id']}/finalize")


def read(simulator_url: str, path: str) -> dict[str, Any]:
    """Return what Stripe shows there."""
    answer = requests.get(
        f"{simulator_url}/v1/{path}", headers={"Authorization": f"Bearer {API_KEY}"}, timeout=5
    )
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()
    return data


def _ask(method: str, url: str, **rest: Any) -> dict[str, Any]:
    key = {"Authorization": f"Bearer {API_KEY}"}
    answer = requests.request(method, url, headers=key, timeout=5, **rest)
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()
    return data
