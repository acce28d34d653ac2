"""How much of an issued invoice can still be credited, item by item, and where it would go.

Stripe's rules: the notes of an invoice come to no more than its total, what was refunded outside of
them counts against that, and a note first lowers what is due. Only what is above that was paid, and
the note says where that part goes: the shares add up to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.chain import ChainKey, Chains, key_of
from dashboard.billing.correction_models import Correction, InvoicePayment
from dashboard.billing.difference import difference_of
from dashboard.billing.made_up_for import Family
from dashboard.billing.models import FOLLOWING, Invoice, InvoiceItem
from dashboard.billing.notes import UNDONE
from dashboard.billing.refund_sums import given_back
from dashboard.billing.spread import spread_in_steps
from dashboard.currencies import charge_step
from dashboard.errors import Conflict, Invalid
from dashboard.extensions import db
from dashboard.pricing.exact import major_text

CREDITABLE = ("open", "paid", "uncollectible")


class NotCreditable(Conflict):
    """The invoice is in a state in which it has no credit note."""

    code = "not_creditable"


@dataclass(frozen=True, slots=True)
class CreditRoom:
    """What can still be credited of one invoice, in minor units.

    `items` is what each item has left, by its id; together a note may take no more than `most`.
    Of what Stripe billed beside them and too much, `stray` can be credited. `due` is what is still
    to be paid and is lowered first; `refundable` is what can go back to what
    paid it. Where a bank `asks_back`, the paid part is returned neither there nor by the balance.
    """

    items: Mapping[int, int]
    most: int
    due: int
    refundable: int
    currency: str
    stray: int = 0
    asks_back: bool = False

    def spread(self, cents: int) -> dict[int, int]:
        """Return what each item gives to a note of `cents`, in proportion; raise ValueError."""
        rooms, step = list(self.items.values()), charge_step(self.currency)
        shares = spread_in_steps(cents, rooms, step)
        return {item: share for item, share in zip(self.items, shares, strict=True) if share}

    def paid_part(self, cents: int) -> int:
        """Return which part of a note of `cents` was paid already, and goes back."""
        return max(cents - self.due, 0)

    def check_shares(self, cents: int, refund: int, balance: int, outside: int) -> None:
        """Raise `Invalid` where the shares are not those of the paid part of a note of `cents`."""
        back, shares = self.paid_part(cents), refund + balance + outside
        if min(refund, balance, outside) < 0:
            raise Invalid(
                "No share is below zero. Nothing was changed. Enter where the part that was paid "
                "goes.",
                field="shares",
            )
        if shares != back:
            raise Invalid(
                f"{self._text(cents - back)} of the note lowers what is still due. "
                f"{self._text(back)} was paid, and the shares of where that goes come to "
                f"{self._text(shares)}. Nothing was changed. Make them add up to it.",
                field="shares",
            )
        if self.asks_back and refund + balance:
            raise Invalid(
                "A bank asks the payment back, or took it back: a refund or a credit to the "
                "balance would return it twice. Nothing was changed. Settle that at Stripe first, "
                "or name only what you returned by other means.",
                field="shares",
            )
        if refund > self.refundable:
            raise Invalid(
                f"{self._text(self.refundable)} can be refunded to the one payment through Stripe "
                "that paid it. Nothing was changed. Credit the rest to the balance, or pay it back "
                "by other means.",
                field="refund_cents",
            )

    def _text(self, cents: int) -> str:
        return major_text(Decimal(cents), self.currency)


def room_of(
    invoice: Invoice, items: Sequence[InvoiceItem], *, is_billed_anew: bool = False
) -> CreditRoom:
    """Return what can still be credited of `invoice`, whose items these are.

    Where it `is_billed_anew`, what later invoices gave back already is taken along: the next one
    asks for what is owed then. Raises `NotCreditable` where there is no such thing as a note.
    """
    _check(invoice)
    rows = db.session.scalars(select(Correction).where(Correction.invoice_id == invoice.id)).all()
    notes = [row for row in rows if row.kind == "credit_note" and row.status not in UNDONE]
    noted = sum(row.amount_cents for row in notes)
    # What a note refunded may not be told as a refund yet.
    given = given_back(invoice, rows)
    asked = (
        invoice.total_cents if invoice.stripe_total_cents is None else invoice.stripe_total_cents
    )
    left = {
        # Where Stripe billed more than was due, a later invoice gives that back.
        item.id: min(item.billed_cents, item.amount_cents) - item.credited_cents
        for item in items
    }
    if not is_billed_anew:
        left = _without_given_back(left, invoice, items)
    # What Stripe billed otherwise may be finer than what it lets a note take off.
    step = charge_step(invoice.currency)
    rooms = {item_id: cents - cents % step for item_id, cents in left.items() if cents >= step}
    # What a person returned for a refund that failed went back beside notes, as it would have.
    beside_notes = given.refunded - given.by_notes + given.returned
    left_there = _left_there(invoice, asked, noted + beside_notes, given.elsewhere)
    most = min(left_there, sum(rooms.values()))
    stray = min(max(difference_of(invoice).cents, 0), left_there)
    refundable = max(_paid_by_one(invoice) - given.refunded - given.returned, 0)
    is_paid = invoice.status == "paid"
    return CreditRoom(
        items=rooms,
        most=most - most % step,
        due=0 if is_paid else invoice.amount_remaining_cents or 0,
        refundable=0 if given.disputed else refundable,
        currency=invoice.currency,
        stray=stray - stray % step,
        asks_back=given.disputed > 0,
    )


def _left_there(invoice: Invoice, asked: int, taken: int, elsewhere: int) -> int:
    """Return what is left of `asked`, and of the whole invoice, after `taken`.

    What a subscription bills on the same invoice is what was taken `elsewhere` first; what it gives
    back there is no room of ours.
    """
    of_theirs = min(elsewhere, max(invoice.theirs_cents, 0))
    return max(min(asked - taken + of_theirs, asked + invoice.theirs_cents - taken), 0)


def titled(invoice: Invoice) -> str:
    """Return what it is called at the start of a sentence; its number keeps its letters."""
    return f"Invoice {invoice.number or invoice.sequence}"


def _check(invoice: Invoice) -> None:
    if invoice.status not in CREDITABLE:
        raise NotCreditable(
            f"{titled(invoice)} is {invoice.status}: only an issued one that is not "
            "void has credit notes. Nothing was changed. Add a credit to the current invoice "
            "instead."
        )
    if invoice.tax_cents or invoice.automatic_tax:
        raise NotCreditable(
            f"{titled(invoice)} has tax on it, which Stripe works out for a credit "
            "note as well. Nothing was changed. Issue the note at Stripe; it is shown here."
        )


def _without_given_back(
    left: Mapping[int, int], invoice: Invoice, items: Sequence[InvoiceItem]
) -> dict[int, int]:
    """Return what each item still asks for; what later invoices of its cycle gave back is gone."""
    follows = any(item.kind in FOLLOWING for item in items)
    family = Family.of(items) if follows else Family(items)
    roots = {item.id: family.root(item) for item in items}
    asked: dict[ChainKey, int] = {}
    for kind in ("recurring", "metered"):
        keys = {key_of(root) for root in roots.values() if root.kind == kind}
        if keys:
            cycles = {key.cycle_id for key in keys}
            chains = Chains.load(kind, {invoice.organization_id}, cycles)
            asked |= {key: chains.asked_for(key) for key in keys}
    still = {}
    for item in items:
        root, cents = roots[item.id], left[item.id]
        if root.kind in ("recurring", "metered"):
            # Several items may be for one thing: together they ask for no more than it does.
            cents = min(cents, asked[key_of(root)])
            asked[key_of(root)] -= max(cents, 0)
        else:
            taken = [one for one in family.following(item) if one.kind == "taken_back"]
            cents += sum(one.billed_cents for one in taken)
        still[item.id] = cents
    return still


def _paid_by_one(invoice: Invoice) -> int:
    """Return what the one payment through Stripe paid: of several a note cannot name one."""
    query = select(InvoicePayment.amount_paid_cents).where(
        InvoicePayment.invoice_id == invoice.id,
        InvoicePayment.is_paid,
        InvoicePayment.off_stripe.is_(False),
    )
    paid = db.session.scalars(query).all()
    return paid[0] if len(paid) == 1 else 0
