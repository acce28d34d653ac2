"""What a decision would do to the totals, here and at Stripe, before anybody takes it."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.billing.difference_decide import carried_cents
from dashboard.billing.models import Invoice
from dashboard.billing.reissue_preview import ReissuePreview
from dashboard.sync.decide import choices
from dashboard.sync.models import AddedLine


class Move(NamedTuple):
    """A total before and after, in minor units; None where it is not known."""

    before: int | None
    after: int | None

    @property
    def stays(self) -> bool:
        """Whether it is the same afterwards."""
        return self.before == self.after


class Consequence(NamedTuple):
    """What one choice does: to the ledger's total and to that of Stripe's draft."""

    choice: str
    ledger: Move
    stripe: Move

    @property
    def more_cents(self) -> int:
        """How much more the customer pays."""
        return (self.ledger.after or 0) - (self.ledger.before or 0)


def consequences(line: AddedLine, invoice: Invoice) -> list[Consequence]:
    """Return what each decision that is open on a line added at Stripe would do.

    What else the ledger has to tell Stripe is left out: it goes there whatever is decided.
    """
    ledger, stripe = invoice.total_cents, invoice.stripe_total_cents
    without = None if stripe is None else stripe - line.amount_cents
    moves = {
        "take_ours": (Move(ledger, ledger), Move(stripe, without)),
        "adopt": (Move(ledger, ledger + line.amount_cents), Move(stripe, stripe)),
        "leave": (Move(ledger, ledger), Move(stripe, stripe)),
    }
    return [Consequence(choice, *moves[choice]) for choice in choices(line, invoice)]


def of_adjustment(cents: int, invoice: Invoice) -> Consequence:
    """Return what a charge, or below zero a credit, does to the current invoice."""
    after = invoice.total_cents + cents
    stripe = invoice.stripe_total_cents
    told = None if stripe is None else after
    return Consequence("adjust", Move(invoice.total_cents, after), Move(stripe, told))


def of_credit_note(cents: int, invoice: Invoice) -> Consequence:
    """Return what a note, below zero, does to what an issued invoice bills less its notes."""
    before = invoice.total_cents - sum(item.credited_cents for item in invoice.items)
    move = Move(before, before + cents)
    return Consequence("credit_note", move, move)


def of_difference(choice: str, cents: int, invoice: Invoice, current: Invoice) -> Consequence:
    """Return what a choice does about `cents` that Stripe billed too much on an issued invoice.

    Carried it is of the current invoice, else of the issued one, less what its notes took off.
    """
    if choice == "carry":
        moved = of_adjustment(carried_cents(invoice, cents), current)
        return moved._replace(choice=choice)
    before = invoice.stripe_total_cents
    less = cents if choice == "credit" else 0
    after = None if before is None else before - less
    ledger = invoice.total_cents
    return Consequence(choice, Move(ledger, ledger), Move(before, after))


def of_refund(invoice: Invoice) -> Consequence:
    """Return what a refund does to what an issued invoice bills: nothing."""
    stays = Move(invoice.total_cents, invoice.total_cents)
    return Consequence("refund", stays, stays)


def of_reissue(preview: ReissuePreview) -> Consequence:
    """Return what billing again does to the current invoice; what is taken back is not on it."""
    move = Move(preview.current_before, preview.current_after)
    return Consequence("reissue", move, move)


def of_void(cents: int, current: Invoice) -> list[Consequence]:
    """Return what billing a void invoice's money on the current one does, and writing it off."""
    stays = Move(current.total_cents, current.total_cents)
    stripe = Move(current.stripe_total_cents, current.stripe_total_cents)
    return [
        of_adjustment(cents, current)._replace(choice="bill"),
        Consequence("write_off", stays, stripe),
    ]
