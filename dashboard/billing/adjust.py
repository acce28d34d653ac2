"""One-off charges and credits."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.audit.write import write_entry
from dashboard.billing.cause import Cause
from dashboard.billing.lines import Line, add_line
from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Adjustment, Invoice
from dashboard.billing.period import Period
from dashboard.billing.revision import touch
from dashboard.currencies import charge_step
from dashboard.errors import Conflict, Invalid, InvoiceIsFrozen
from dashboard.extensions import db
from dashboard.money import Money, round_charge
from dashboard.pricing.rating import MAX_CENTS

# What begins so names a charge or credit that the product makes: of a proposal, a reversal, an
# adopted line, the decision on a void invoice, a reissue, the correction of what Stripe billed
# differently. Nobody else may take such a name first.
PROPOSED, REVERSED, ADOPTED, WAIVED, REISSUED, CORRECTED = OURS = (
    "proposal:", "reversal:", "adopted:", "waived-", "reissue:", "difference:",
)  # fmt: skip


class KeyReused(Conflict):
    """The key stands for another charge or credit."""

    code = "key_reused"


def add_adjustment(  # noqa: PLR0913  who, what, why and which key: all of them facts of one row
    invoice: Invoice,
    amount: Money,
    *,
    reason: str,
    description: str,
    actor: Actor,
    now: datetime,
    key: str,
    reverses_id: int | None = None,
) -> Adjustment:
    """Put a charge (positive) or credit (negative) on the invoice; the same key again is one.

    Raises InvoiceIsFrozen once the invoice is sealed, KeyReused when the organization used `key`
    for another amount, description or reason, Invalid for nothing or another currency.
    """
    invoice = lock_invoice(invoice.id)
    existing = adjustment_by_key(invoice.organization_id, key)
    if existing is not None:
        return _same(existing, invoice, (amount, description, reason))
    _check(invoice, amount)
    adjustment = Adjustment(
        organization_id=invoice.organization_id,
        invoice_id=invoice.id,
        amount_cents=amount.cents,
        description=description,
        reason=reason,
        idempotency_key=key,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        created_at=now,
        reverses_id=reverses_id,
    )
    db.session.add(adjustment)
    db.session.flush()
    cause = Cause("adjustment", now, actor, adjustment.id)
    add_line(invoice, _line(invoice, adjustment), cause)
    touch(invoice, now=now)
    _record(adjustment, amount, actor, now)
    return adjustment


def _check(invoice: Invoice, amount: Money) -> None:
    if not invoice.is_changeable:
        raise InvoiceIsFrozen(
            f"Invoice {invoice.sequence} is {invoice.status}; its items can no longer change. "
            "Nothing was added. Add the charge or credit to the current invoice instead."
        )
    if amount.currency != invoice.currency:
        raise Invalid(
            f"The invoice is in {invoice.currency.upper()}, the amount in "
            f"{amount.currency.upper()}. Nothing was added. Send it in the invoice's currency.",
            field="currency",
        )
    if not amount:
        raise Invalid(
            "The amount is zero. Nothing was added. Send an amount to charge or credit.",
            field="amount_cents",
        )
    if not amount.is_chargeable:
        step = charge_step(amount.currency)
        raise Invalid(
            f"{amount.currency.upper()} can only be charged and credited in multiples of {step} "
            f"minor units. Nothing was added. Send {round_charge(amount.cents, amount.currency)}, "
            "or another multiple.",
            field="amount_cents",
        )
    if abs(amount.cents) > MAX_CENTS:
        raise Invalid(
            f"The amount is larger than {MAX_CENTS} minor units. Nothing was added. "
            "Send it in parts.",
            field="amount_cents",
        )


def item_key(adjustment_id: int) -> str:
    """Return the key of the item that bills a charge or credit."""
    return f"adjustment:{adjustment_id}"


def adjustment_by_key(organization_id: int, key: str) -> Adjustment | None:
    """Return the charge or credit that the organization made by `key`, if it did."""
    query = select(Adjustment).where(
        Adjustment.organization_id == organization_id, Adjustment.idempotency_key == key
    )
    return db.session.scalar(query)


def _same(existing: Adjustment, invoice: Invoice, wanted: tuple[Money, str, str]) -> Adjustment:
    amount = Money(existing.amount_cents, invoice.currency)
    if (amount, existing.description, existing.reason) != wanted:
        raise KeyReused(
            f"The key {existing.idempotency_key} was used for another charge or credit. Nothing "
            "was added. Use a new key."
        )
    return existing


def _line(invoice: Invoice, adjustment: Adjustment) -> Line:
    kind = "Credit" if adjustment.amount_cents < 0 else "Charge"
    return Line(
        kind="adjustment",
        key=item_key(adjustment.id),
        cycle_id=invoice.cycle_id,
        description=adjustment.description,
        quantity=Decimal(1),
        amount_cents=adjustment.amount_cents,
        period=Period(invoice.period_start, invoice.period_end),
        trace={
            "model": "adjustment",
            "currency": invoice.currency,
            "amount_cents": adjustment.amount_cents,
            "words": _words(adjustment, kind),
        },
    )


def _words(adjustment: Adjustment, kind: str) -> list[str]:
    opposite = _reversed_by(adjustment)
    if opposite is None:
        return [f"{kind} added by {adjustment.actor_label}."]
    what = "credit" if opposite.amount_cents < 0 else "charge"
    return [
        f"Reverses the {what} “{opposite.description}”.",
        f"{what.capitalize()} reversed by {adjustment.actor_label}.",
    ]


def _record(adjustment: Adjustment, amount: Money, actor: Actor, now: datetime) -> None:
    facts = {
        "cents": amount.cents,
        "currency": amount.currency,
        "description": adjustment.description,
    }
    opposite, reason = _reversed_by(adjustment), adjustment.reason
    if opposite is None:
        write_entry("adjustment.added", adjustment, actor, facts, reason=reason, now=now)
        return
    facts |= {"reversed": opposite.description, "reversed_id": opposite.id}
    write_entry("adjustment.reversed", adjustment, actor, facts, reason=reason, now=now)


def _reversed_by(adjustment: Adjustment) -> Adjustment | None:
    if adjustment.reverses_id is None:
        return None
    return db.session.get_one(Adjustment, adjustment.reverses_id)
