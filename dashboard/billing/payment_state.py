"""How far the payment of a bill is: one state, from what is known of it and the time. Pure.

Stripe's status has five words. What a customer is to do, and what support is to know, hangs on more
than that: who declined, what was paid in part or by other means, what went back, what a bank asks
for. docs/payments.md says what each state is called and what is told of it to whom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from dashboard.billing.declines import decline_of
from dashboard.billing.lost_customer import NOBODY_CHARGES

# So long before its day a sent invoice is said to be due soon.
SOON = timedelta(days=7)
# An attempt is told by several events, in any order, seconds apart.
SAME_ATTEMPT = timedelta(minutes=2)

Kind = Literal[
    "not_issued", "void", "unpaid_again", "empty", "credit", "disputed", "charged_back", "refunded",
    "partly_refunded", "credited", "paid_outside", "paid", "uncollectible", "confirm", "past_due",
    "declined", "partly_paid", "due_soon", "due", "charging",
]  # fmt: skip
# In these somebody still has to pay; `uncollectible` may be paid, and nobody expects it.
OWED: tuple[Kind, ...] = (
    "unpaid_again", "uncollectible", "confirm", "past_due", "declined", "partly_paid", "due_soon",
    "due", "charging",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFacts:
    """What is known of a bill's payment; amounts in minor units, none below zero but the total.

    `remote_status` is Stripe's own word, None for a bill that Stripe never had. `credited_cents` is
    what credit notes took off before it was paid. `confirm_at`: when the bank last asked that the
    customer confirm. `is_off_portal`: its customer was deleted at Stripe, so nobody charges it.
    """

    status: str
    total_cents: int
    remote_status: str | None = None
    remaining_cents: int = 0
    paid_cents: int = 0
    outside_cents: int = 0
    credited_cents: int = 0
    refunded_cents: int = 0
    disputed_cents: int = 0
    charged_back_cents: int = 0
    due_at: datetime | None = None
    finalized_at: datetime | None = None
    failure: str | None = None
    failed_at: datetime | None = None
    decline_code: str | None = None
    confirm_at: datetime | None = None
    next_attempt_at: datetime | None = None
    attempts: int = 0
    is_off_portal: bool = False


@dataclass(frozen=True, slots=True)
class PaymentState:
    """The one state of a bill's payment. `owed_cents` is what is still to be paid.

    `late_since` is set where it should have been paid by now: from its due date, and of one that is
    charged automatically from the day it was issued, once an attempt came to nothing or its
    customer was deleted at Stripe.
    `next_attempt_at` is in the future; None where Stripe has announced none, or makes none.
    """

    kind: Kind
    owed_cents: int = 0
    late_since: datetime | None = None
    next_attempt_at: datetime | None = None

    def days_late(self, now: datetime) -> int:
        """Return for how many whole days it is late."""
        return 0 if self.late_since is None else max((now - self.late_since).days, 0)


def payment_state(facts: PaymentFacts, now: datetime) -> PaymentState:
    """Return the state of a bill's payment: the first in the table that holds."""
    kind = next(kind for kind, holds in _TABLE if holds(facts, now))
    owed = facts.remaining_cents if kind in OWED else 0
    following = facts.next_attempt_at
    is_tried = following is not None and following > now and not facts.is_off_portal
    return PaymentState(
        kind,
        owed_cents=owed,
        late_since=late_since(facts, now) if owed else None,
        next_attempt_at=following if is_tried and facts.status == "open" else None,
    )


def decline_code_of(decline: Mapping[str, Any] | None, failed_at: datetime | None) -> str | None:
    """Return what the bank said of the attempt that failed then; None where it said nothing of it.

    It is kept as {"code", "at"}, as of the event that told it.
    """
    if decline is None or failed_at is None:
        return None
    is_of_it = decline["at"] >= (failed_at - SAME_ATTEMPT).timestamp()
    return str(decline["code"]) if is_of_it else None


def is_to_confirm(
    confirm_at: datetime | None, failed_at: datetime | None, decline_code: str | None
) -> bool:
    """Whether the last attempt waits for the customer: the bank wants the payment confirmed."""
    if decline_code is not None and decline_of(decline_code).remedy == "confirm":
        return True
    if confirm_at is None:
        return False
    # A later attempt may have failed for another reason.
    return failed_at is None or failed_at <= confirm_at + SAME_ATTEMPT


def late_since(facts: PaymentFacts, now: datetime) -> datetime | None:
    """Return since when it should have been paid, None where it is not late."""
    if facts.status not in ("open", "uncollectible"):
        return None
    if facts.due_at is not None:
        return facts.due_at if facts.due_at < now else None
    is_hopeless = facts.status == "uncollectible" or _is_uncharged(facts)
    has_failed = facts.failure is not None or facts.confirm_at is not None
    return facts.finalized_at if has_failed or is_hopeless else None


def _wants_confirmation(facts: PaymentFacts, _now: datetime) -> bool:
    return is_to_confirm(facts.confirm_at, facts.failed_at, facts.decline_code)


def _is_uncharged(facts: PaymentFacts) -> bool:
    """Whether Stripe was to charge it, and has no customer to charge; nothing else was said."""
    is_untold = facts.failure in (None, NOBODY_CHARGES)
    return facts.is_off_portal and facts.due_at is None and is_untold


def _is_past_due(facts: PaymentFacts, now: datetime) -> bool:
    return _is_uncharged(facts) if facts.due_at is None else facts.due_at < now


def _is_empty(facts: PaymentFacts, _now: datetime) -> bool:
    return facts.status == "paid" and facts.remote_status is None and not facts.total_cents


def _is_unpaid_again(facts: PaymentFacts, _now: datetime) -> bool:
    return facts.status == "paid" and facts.remote_status in ("open", "uncollectible")


def _paid(holds: Callable[[PaymentFacts], object]) -> Callable[[PaymentFacts, datetime], bool]:
    return lambda facts, _now: facts.status == "paid" and bool(holds(facts))


# From the top: what is over, what was paid and came to more, and what is still to be paid.
_TABLE: tuple[tuple[Kind, Callable[[PaymentFacts, datetime], bool]], ...] = (
    ("not_issued", lambda facts, _now: facts.status in ("draft", "closing", "sealed")),
    ("void", lambda facts, _now: facts.status == "void"),
    ("empty", _is_empty),
    ("unpaid_again", _is_unpaid_again),
    ("disputed", _paid(lambda facts: facts.disputed_cents)),
    ("charged_back", _paid(lambda facts: facts.charged_back_cents)),
    ("credit", _paid(lambda facts: facts.total_cents < 0)),
    ("refunded", _paid(lambda facts: 0 < facts.paid_cents <= facts.refunded_cents)),
    ("partly_refunded", _paid(lambda facts: facts.refunded_cents)),
    ("credited", _paid(lambda facts: facts.credited_cents and not facts.paid_cents)),
    ("paid_outside", _paid(lambda facts: 0 < facts.paid_cents <= facts.outside_cents)),
    ("paid", _paid(lambda _facts: True)),
    ("uncollectible", lambda facts, _now: facts.status == "uncollectible"),
    ("confirm", _wants_confirmation),
    ("past_due", _is_past_due),
    ("declined", lambda facts, _now: facts.failure is not None),
    ("partly_paid", lambda facts, _now: facts.paid_cents > 0),
    ("due_soon", lambda facts, now: facts.due_at is not None and facts.due_at - now <= SOON),
    ("due", lambda facts, _now: facts.due_at is not None),
    ("charging", lambda _facts, _now: True),
)
