"""Lives of an issued bill at Stripe, drawn at random: what was told, and what was so at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from dashboard.billing.payment_state import PaymentFacts, decline_code_of
from tests.support.events import event

START = 1_900_000_000
TOTAL = 4000
INVOICE, INTENT = "in_life", "pi_life"
CODES = ("insufficient_funds", "authentication_required", "expired_card")
# Which bank's decision may follow which.
VERDICTS = {
    "needs_response": ("under_review", "lost"),
    "under_review": ("won", "lost"),
    "lost": ("appeal_under_review",),
    "appeal_under_review": ("won", "lost"),
}


@dataclass
class Life:
    """A bill at Stripe; `first` is how it looked when it was issued."""

    first: dict[str, Any]
    at: int = START
    events: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)
    outside: int = 0
    failed_at: int | None = None
    confirm_at: int | None = None
    decline: dict[str, Any] | None = None
    refunds: list[dict[str, Any]] = field(default_factory=list)
    disputes: list[dict[str, Any]] = field(default_factory=list)
    notes: int = 0

    @property
    def left(self) -> int:
        """What is still to be paid."""
        return int(self.shown["amount_due"] - self.shown["amount_paid"])

    @property
    def by_card(self) -> int:
        """What was paid through Stripe."""
        return int(self.shown["amount_paid"]) - self.outside

    def tell(self, kind: str, subject: dict[str, Any] | None = None) -> None:
        """Have Stripe tell of something now: of the bill as it looks, unless of something else."""
        told = subject or dict(self.shown)
        self.events.append(event(kind, dict(told), created=self.at))

    def show(self, kind: str, **facts: Any) -> None:
        """Have the bill look so from now on, and tell it."""
        self.shown |= facts
        self.shown["amount_remaining"] = 0 if self.shown["status"] == "paid" else self.left
        self.tell(kind)

    def end(self, kind: str, status: str, stamp: str, **facts: Any) -> None:
        """Have the bill get another status."""
        moved = self.shown["status_transitions"] | {stamp: self.at}
        self.show(kind, status=status, status_transitions=moved, **facts)

    def facts(self) -> PaymentFacts:
        """Return what is true of its payment in the end, whoever was told of it."""
        failed_at = _instant(self.failed_at)
        undone = ("failed", "canceled")
        return PaymentFacts(
            status=self.shown["status"],
            total_cents=TOTAL,
            remote_status=self.shown["status"],
            remaining_cents=self.shown["amount_remaining"] if self.shown["status"] != "void" else 0,
            paid_cents=self.shown["amount_paid"],
            outside_cents=self.outside,
            credited_cents=self.shown["pre_payment_credit_notes_amount"],
            refunded_cents=sum(
                one["amount"] for one in self.refunds if one["status"] not in undone
            ),
            disputed_cents=self._disputed(*set(VERDICTS) - {"lost"}),
            charged_back_cents=self._disputed("lost"),
            due_at=_instant(self.shown["due_date"]),
            finalized_at=_instant(START),
            failure="Declined." if failed_at else None,
            failed_at=failed_at,
            decline_code=decline_code_of(self.decline, failed_at),
            confirm_at=_instant(self.confirm_at),
        )

    def _disputed(self, *statuses: str) -> int:
        return sum(one["amount"] for one in self.disputes if one["status"] in statuses)


def _instant(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)


def _fail(life: Life, draw: Any) -> None:
    code = draw(st.sampled_from(CODES))
    life.failed_at, life.decline = life.at, {"code": code, "at": float(life.at)}
    error = {"code": "card_declined", "decline_code": code, "message": "No."}
    intent = {"id": INTENT, "object": "payment_intent", "last_payment_error": error}
    life.tell("payment_intent.payment_failed", intent)
    life.show("invoice.payment_failed", attempt_count=life.shown["attempt_count"] + 1)


def _ask(life: Life, draw: Any) -> None:
    _fail(life, draw)
    life.confirm_at = life.at
    life.show("invoice.payment_action_required")


def _pay(life: Life, draw: Any) -> None:
    _pay_part(life, draw, life.left)


def _pay_some(life: Life, draw: Any) -> None:
    _pay_part(life, draw, draw(st.integers(1, max(life.left - 1, 1))))


def _pay_part(life: Life, _draw: Any, cents: int) -> None:
    cents = min(cents, life.left)
    life.shown["amount_paid"] += cents
    by = {"type": "payment_intent", "payment_intent": INTENT}
    payment = {
        "object": "invoice_payment", "id": "inpay_life", "invoice": INVOICE, "status": "paid",
        "payment": by, "amount_paid": life.by_card,
    }  # fmt: skip
    life.tell("invoice_payment.paid", payment)
    _look_paid(life)


def _pay_outside(life: Life, _draw: Any) -> None:
    life.outside += life.left
    life.shown["amount_paid"] += life.left
    _look_paid(life)


def _look_paid(life: Life) -> None:
    if life.left:
        life.show("invoice.updated")
    else:
        life.end("invoice.paid", "paid", "paid_at")


def _credit(life: Life, draw: Any) -> None:
    most = life.left or life.shown["amount_paid"] - life.shown["post_payment_credit_notes_amount"]
    if most <= 0:
        return
    cents = draw(st.integers(1, most))
    life.notes += 1
    before, after = (cents, 0) if life.left else (0, cents)
    note = {
        "object": "credit_note", "id": f"cn_{life.notes}", "invoice": INVOICE, "status": "issued",
        "number": f"CN-{life.notes}", "total": cents, "pre_payment_amount": before,
        "post_payment_amount": after, "created": life.at,
    }  # fmt: skip
    life.tell("credit_note.created", note)
    life.shown["amount_due"] -= before
    life.shown["pre_payment_credit_notes_amount"] += before
    life.shown["post_payment_credit_notes_amount"] += after
    if life.shown["status"] == "paid":
        life.show("invoice.updated")
    else:
        _look_paid(life)


def _refund(life: Life, draw: Any) -> None:
    left = life.by_card - sum(one["amount"] for one in life.refunds)
    if left <= 0:
        return
    refund = {
        "object": "refund", "id": f"re_{len(life.refunds)}", "payment_intent": INTENT,
        "status": "succeeded", "amount": draw(st.integers(1, left)), "created": life.at,
    }  # fmt: skip
    life.refunds.append(refund)
    life.tell("refund.created", refund)


def _refund_fails(life: Life, _draw: Any) -> None:
    if life.refunds:
        life.refunds[-1]["status"] = "failed"
        life.tell("refund.failed", life.refunds[-1])


def _dispute(life: Life, _draw: Any) -> None:
    if life.disputes or life.by_card <= 0:
        return
    dispute = {
        "object": "dispute", "id": "du_life", "payment_intent": INTENT, "amount": life.by_card,
        "status": "needs_response", "created": life.at, "evidence_details": {"due_by": START + 99},
    }  # fmt: skip
    life.disputes.append(dispute)
    life.tell("charge.dispute.created", dispute)


def _decide(life: Life, draw: Any) -> None:
    following = VERDICTS.get(life.disputes[-1]["status"], ()) if life.disputes else ()
    if following:
        life.disputes[-1]["status"] = status = draw(st.sampled_from(following))
        is_closed = status in ("won", "lost")
        life.tell(f"charge.dispute.{'closed' if is_closed else 'updated'}", life.disputes[-1])


def _void(life: Life, _draw: Any) -> None:
    if not life.shown["amount_paid"]:
        life.end("invoice.voided", "void", "voided_at")


def _give_up(life: Life, _draw: Any) -> None:
    life.end("invoice.marked_uncollectible", "uncollectible", "marked_uncollectible_at")


ACTS = {
    "open": (
        _fail, _ask, _pay, _pay_some, _pay_outside, _credit, _refund, _dispute, _void, _give_up,
    ),
    "uncollectible": (_pay, _pay_outside, _void),
    "paid": (_credit, _refund, _refund_fails, _dispute, _decide, _decide),
    "void": (),
}  # fmt: skip


@st.composite
def lives(draw: st.DrawFn, first: dict[str, Any]) -> Life:
    """Draw a life of a bill that looked as `first` when it was issued."""
    due = draw(st.sampled_from((None, START - 5, START + 10**9)))
    life = Life(first, shown=dict(first) | {"due_date": due})
    life.end("invoice.finalized", "open", "finalized_at")
    for _ in range(draw(st.integers(1, 7))):
        life.at += draw(st.sampled_from((1, 1, 700)))
        acts = ACTS[life.shown["status"]]
        if acts:
            draw(st.sampled_from(acts))(life, draw)
    return life
