"""What we tell Stripe of a credit note, and what it says that one would do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoteLine:
    """What a note takes off one line of Stripe's invoice; off none of them where it has no id."""

    line_id: str | None
    description: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """A credit note to create: our number of it, its lines, and where the part goes that was paid.

    Amounts are minor units before tax.
    """

    invoice_id: str
    note: str
    installation: str
    lines: tuple[NoteLine, ...]
    refund_cents: int
    balance_cents: int
    outside_cents: int
    memo: str

    @property
    def amount_cents(self) -> int:
        """What it comes to."""
        return sum(line.amount_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class NotePreview:
    """What Stripe says a note would come to: what it lowers, and what it gives back."""

    total_cents: int
    pre_payment_cents: int
    post_payment_cents: int
