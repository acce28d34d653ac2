"""The smallest client that can ask Stripe a question: form bodies out, status and JSON back."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from dashboard.gateway.parsing import API_VERSION

TIMEOUT_SECONDS = 80
# A sandbox account at Stripe takes 25 requests a second; a refusal for pace is not an answer.
PATIENCE = 6


class LiveKeyRefused(ValueError):
    """The suite creates and finalizes invoices; it never does so with a live key."""

    def __init__(self) -> None:
        super().__init__(
            "This suite creates invoices: give it a test key (sk_test_…), not this one."
        )


@dataclass(frozen=True)
class Reply:
    """One answer; `body` is its JSON object."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def error_code(self) -> str | None:
        """The `code` of Stripe's error object, if it is one."""
        code: str | None = self.body.get("error", {}).get("code")
        return code

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class Api:
    """Calls to one base URL with one key. Raises LiveKeyRefused for anything but a test key."""

    def __init__(self, base_url: str, api_key: str) -> None:
        if not api_key.startswith(("sk_test_", "rk_test_")):
            raise LiveKeyRefused
        self._base_url = base_url.rstrip("/")
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"
        self._session.headers["Stripe-Version"] = API_VERSION

    def get(self, path: str, **params: Any) -> Reply:
        """Ask GET /v1/<path>."""
        return self._ask("GET", path, params, {})

    def delete(self, path: str) -> Reply:
        """Ask DELETE /v1/<path>."""
        return self._ask("DELETE", path, {}, {})

    def post(self, path: str, key: str | None = None, **params: Any) -> Reply:
        """Ask POST /v1/<path> under an idempotency key, a fresh one unless given."""
        return self._ask("POST", path, params, {"Idempotency-Key": key or new_key()})

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def _ask(
        self, method: str, path: str, params: dict[str, Any], headers: dict[str, str]
    ) -> Reply:
        pairs = list(flatten(params))
        sent: dict[str, Any] = {"params": pairs} if method == "GET" else {"data": pairs}
        for attempt in range(PATIENCE):
            answer = self._session.request(
                method,
                f"{self._base_url}/v1/{path}",
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                **sent,
            )
            if answer.status_code != 429:
                break
            time.sleep(0.2 * 2**attempt)
        return Reply(answer.status_code, answer.json(), dict(answer.headers))


def new_key() -> str:
    """Return an idempotency key nobody has used."""
    return f"conformance-{uuid.uuid4()}"


def flatten(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield Stripe's form pairs: `{"lines": [{"amount": 1}]}` is `lines[0][amount]=1`."""
    if isinstance(value, dict):
        branches = list(value.items())
    elif isinstance(value, list):
        branches = list(enumerate(value))
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
        return
    for part, child in branches:
        yield from flatten(child, f"{name}[{part}]" if name else str(part))
