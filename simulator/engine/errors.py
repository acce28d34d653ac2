"""The refusals of the simulator, in the shape of Stripe's error bodies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class ApiError(Exception):
    """One refused request.

    `began` says that the endpoint had begun executing, which is what makes Stripe keep the answer
    under the idempotency key. Refused parameters, 401 and 429 are answered before that.
    """

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    began: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the JSON body: `{"error": {type, message, code?, param?, doc_url?}}`."""
        error: dict[str, Any] = {"message": self.message, "type": self.type, **self.extra}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error}


def missing(kind: str, identifier: str, *, param: str = "id", status: int = 404) -> ApiError:
    """Return "No such <kind>": 404 when the path names it, 400 when a parameter does."""
    return ApiError(status, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """Return a refused parameter: nothing executed, nothing kept under the idempotency key."""
    return ApiError(400, message, code=code, param=param, began=False)


def refused(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """Return a request that was well formed but that the object's state does not allow."""
    return ApiError(400, message, code=code, param=param)


def not_editable(invoice_id: str) -> ApiError:
    """Return the refusal of any change to the lines or terms of an invoice that is not a draft."""
    return refused(
        f"Invoice {invoice_id} is no longer editable: it has been finalized.",
        code="invoice_not_editable",
    )
