"""The kinds of refusal, each with the HTTP status an edge answers it with.

A message says what is wrong, what was not changed and what to do; people read it as it stands.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class BillingError(Exception):
    """A refusal the product words itself; `permanent` ones do not go away by trying again."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "billing_error"
    permanent: ClassVar[bool] = True

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts: Mapping[str, Any] = facts


def at_index(why: BillingError, index: int) -> BillingError:
    """Return `why` as the refusal of a list for its entry at `index`, from 0."""
    if "errors" not in why.facts:
        field = why.facts.get("field")
        told = {"index": index, "field": field, "code": why.code, "detail": why.message}
        why.facts = {**why.facts, "errors": [told]}
    return why


class Invalid(BillingError):
    """What was sent cannot be accepted as it is."""

    status = 422
    code = "invalid"


class NotFound(BillingError):
    """The named thing does not exist, or not for this reader."""

    status = 404
    code = "not_found"


class Forbidden(BillingError):
    """The reader may not do this."""

    status = 403
    code = "forbidden"


class Conflict(BillingError):
    """The state of things does not allow this now."""

    status = 409
    code = "conflict"


class Stale(Conflict):
    """What the reader decided on has changed since they saw it."""

    code = "stale"


class InvoiceIsFrozen(Conflict):
    """The invoice is sealed or finalized; its items can no longer change."""

    code = "invoice_is_frozen"


class OutcomeUnknown(BillingError):
    """The database was lost while it committed: nobody can say whether it did."""

    status = 503
    code = "outcome_unknown"
    permanent = False

    def __init__(self) -> None:
        super().__init__(
            "The database connection was lost while this was being saved, so it may or may not "
            "have been done. Check before you do it again."
        )


class Busy(Conflict):
    """Somebody else is working on the same thing; trying again later will do."""

    code = "busy"
    permanent = False
