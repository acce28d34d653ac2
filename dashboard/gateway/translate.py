"""Stripe's errors to ours, by what is known of the call's effect."""

from typing import Any

from dashboard.gateway import errors
from dashboard.gateway.told import MOST
from dashboard.text import shown

# Either says that the invoice left the draft state under us.
NOT_EDITABLE = frozenset(("invoice_not_editable", "invoice_already_finalized"))


def translate(error: Any) -> errors.GatewayError:
    """Return our error for a `stripe.StripeError`, by status and code.

    The library leaves `error.code` empty on a 429, so the code is read from the body.
    """
    detail = getattr(error, "error", None)
    code = getattr(detail, "code", None) or getattr(error, "code", None)
    kind = getattr(detail, "type", None)
    facts = {"code": code, "request_id": error.request_id}
    said = sentence(shown(error.user_message or str(error), most=MOST))
    status = error.http_status
    if status is None:
        return errors.OutcomeUnknown(f"Stripe did not answer: {said}", **facts)
    if status == 429:
        return _not_now(error, code, said)
    if status == 409:
        return errors.CallInFlight(f"Stripe is still working on the same call: {said}", **facts)
    if status >= 500:
        return errors.ServerFailed(f"Stripe failed with {status}: {said}", **facts)
    if status in (401, 403):
        return errors.Misconfigured(f"Stripe does not accept our key: {said}", **facts)
    return _refusal(kind, code, status)(f"Stripe refused: {said}", **facts)


def sentence(said: str) -> str:
    """Return what Stripe said as a sentence that ends: others of ours follow it."""
    text = said.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _refusal(kind: str | None, code: str | None, status: int) -> type[errors.GatewayError]:
    if kind == "idempotency_error":
        return errors.KeyMismatch
    if code in NOT_EDITABLE:
        return errors.NotEditable
    if status == 404 or code == "resource_missing":
        return errors.Missing
    return errors.Refused


def _not_now(error: Any, code: str | None, said: str) -> errors.NotNow:
    headers = error.headers or {}
    reason = headers.get("Stripe-Rate-Limited-Reason") or code or "rate_limit"
    return errors.NotNow(
        f"Stripe asked us to slow down ({reason}): {said}",
        reason=reason,
        request_id=error.request_id,
    )
