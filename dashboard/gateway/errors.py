"""What can go wrong with a call to Stripe, named by what is known of its effect.

Sources: Stripe's pages on low-level errors, idempotent requests and rate limits.
"""

from dashboard.errors import BillingError


class GatewayError(BillingError):
    """A call did not succeed; `request_id` is Stripe's name for it, when there is one."""

    status = 502
    code = "stripe_error"
    permanent = False

    def __init__(self, message: str, *, code: str | None = None, request_id: str | None = None):
        super().__init__(message)
        self.stripe_code = code
        self.request_id = request_id


class OutcomeUnknown(GatewayError):
    """No reply came: the call may have happened or not. The same key may be sent again."""

    code = "stripe_unreachable"


class ServerFailed(GatewayError):
    """A 5xx: the effect is indeterminate, and the same key replays the failure. Read back."""

    code = "stripe_failed"


class CallInFlight(GatewayError):
    """A call with the same key is still running. Wait, then send the same key again."""

    code = "stripe_call_in_flight"


class NotNow(GatewayError):
    """A 429: not executed. `reason` is Stripe's, or `lock_timeout` for parallel writes."""

    code = "stripe_rate_limited"

    def __init__(self, message: str, *, reason: str, request_id: str | None = None):
        super().__init__(message, code=reason, request_id=request_id)
        self.reason = reason


class KeyMismatch(GatewayError):
    """The key was used with another body; what that call did must be read back."""

    code = "stripe_key_mismatch"


class Refused(GatewayError):
    """Stripe refused the call as it stands: nothing happened, and repeating it will not help."""

    code = "stripe_refused"
    permanent = True


class NotEditable(Refused):
    """The invoice is no longer a draft: somebody or something finalized it."""

    code = "stripe_invoice_not_editable"


class Missing(Refused):
    """The object does not exist at Stripe (never made, or deleted there)."""

    code = "stripe_missing"


class NotOurs(Refused):
    """Stripe answered with an object that is not the one it was asked about."""

    code = "stripe_not_ours"


class Misconfigured(GatewayError):
    """The key is wrong or may not do this; every call will fail until it is mended."""

    code = "stripe_misconfigured"


class BadSignature(BillingError):
    """The webhook's signature does not match its body; nothing was stored."""

    status = 400
    code = "bad_signature"


class NotAnEvent(BillingError):
    """What is signed is no event that we can read; the message says what it lacks."""

    status = 400
    code = "not_an_event"


class OddObject(BillingError):
    """An object of Stripe's holds what it cannot hold; reading it again will show the same."""

    code = "stripe_object_odd"
