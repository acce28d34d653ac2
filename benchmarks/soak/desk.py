"""What support does to issued bills, at random: credits, refunds, bills again, decides."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from dashboard.audit.actor import Actor
from dashboard.billing.credit_note_void import ask_void
from dashboard.billing.credit_notes import WantedNote, notes_of, plan_note
from dashboard.billing.credit_room import room_of
from dashboard.billing.difference import DIFFERENTLY, difference_of
from dashboard.billing.difference_decide import decide_difference
from dashboard.billing.models import FINALIZED, Invoice
from dashboard.billing.refund_room import refund_room_of
from dashboard.billing.refunds import WantedRefund, plan_refund
from dashboard.billing.reissue import plan_reissue, taking_of
from dashboard.billing.waived import items_with_cycles
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.organizations.models import Organization
from jobs.credit_notes import carry_out_credit_note
from jobs.refunds import carry_out_refund
from jobs.reissues import begin_reissue

SUPPORT = Actor("user", 1, "support@example.com")
REASON = "Soak"
ZONES = ("UTC", "Europe/Berlin", "America/New_York")
# A fee for a month is asked for as often as a cycle has months; weeks have fees of their own.
LONGER = ("month", "quarter", "year")


class Desk:
    """Does one thing at a time to an issued bill of an organization; most of it costs money."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.done = 0

    @property
    def verbs(self) -> list[Callable[[Organization], None]]:
        """What it does."""
        return [
            self.credit, self.void_note, self.refund, self.reissue, self.settle,
            self.count_otherwise,
        ]  # fmt: skip

    def credit(self, organization: Organization) -> None:
        """Take something off a few lines; what was paid of it goes to card or balance."""
        if (bill := self._issued(organization)) is None:
            return
        room = room_of(bill, items_with_cycles(bill))
        lines = {item: self.rng.randint(1, left) for item, left in room.items.items() if left > 0}
        chosen = dict(self.rng.sample(sorted(lines.items()), min(len(lines), 2)))
        back = room.paid_part(sum(chosen.values()))
        refund = min(back, room.refundable) if self.rng.random() < 0.5 else 0
        wanted = WantedNote(chosen, refund_cents=refund, balance_cents=back - refund, reason=REASON)
        note = plan_note(bill, wanted, key=self._key(), actor=SUPPORT, now=utc_now())
        carry_out_credit_note.enqueue(note.id)

    def void_note(self, organization: Organization) -> None:
        """Take a note back."""
        bill = self._issued(organization)
        notes = [one for one in notes_of(bill) if one.state == "issued"] if bill else []
        if notes:
            note = self.rng.choice(notes)
            ask_void(note, reason=REASON, actor=SUPPORT, now=utc_now())
            carry_out_credit_note.enqueue(note.id)

    def refund(self, organization: Organization) -> None:
        """Give a part of a payment back."""
        if (bill := self._issued(organization, "paid")) is None:
            return
        room = refund_room_of(bill)
        if room.refundable:
            payment = self.rng.choice(room.refundable)
            cents = self.rng.randint(1, payment.left_cents)
            wanted = WantedRefund(payment.id, cents, "goodwill", REASON)
            made = plan_refund(bill, wanted, key=self._key(), actor=SUPPORT, now=utc_now())
            carry_out_refund.enqueue(made.id)

    def reissue(self, organization: Organization) -> None:
        """Void it, or credit it where it is paid, and bill it again."""
        if (bill := self._issued(organization)) is None:
            return
        taking = taking_of(bill, "balance")
        made = plan_reissue(
            bill, seen_cents=taking.cents, reason=REASON, key=self._key(), actor=SUPPORT,
            now=utc_now(), paid_part="balance",
        )  # fmt: skip
        begin_reissue(made)

    def settle(self, organization: Organization) -> None:
        """Decide what becomes of what Stripe billed otherwise."""
        held = Invoice.parked_code == DIFFERENTLY
        query = select(Invoice).where(Invoice.organization_id == organization.id, held)
        for bill in db.session.scalars(query.limit(1)):
            self.decide(bill, self.rng.choice(("carry", "leave")))

    def decide(self, bill: Invoice, decision: str) -> None:
        """Decide on the difference of one bill."""
        seen = difference_of(bill).cents
        decide_difference(
            bill, decision, seen_cents=seen, reason=REASON, key=self._key(), actor=SUPPORT,
            now=utc_now(),
        )  # fmt: skip

    def count_otherwise(self, organization: Organization) -> None:
        """Count the cycles to come in another way, by another calendar."""
        if organization.cycle_interval == "week":
            return
        anchor = utc_now() + timedelta(seconds=self.rng.randint(0, 40 * 86_400))
        wanted = CycleWanted(self.rng.choice(LONGER), self.rng.choice(ZONES), anchor)
        change_cycle(organization, wanted, reason=REASON, actor=SUPPORT, now=utc_now())

    def _issued(self, organization: Organization, *statuses: str) -> Invoice | None:
        query = select(Invoice).where(
            Invoice.organization_id == organization.id,
            Invoice.status.in_(statuses or FINALIZED),
            Invoice.status != "void",
            Invoice.stripe_invoice_id.is_not(None),
        )
        found = db.session.scalars(query.order_by(Invoice.id)).all()
        return self.rng.choice(found) if found else None

    def _key(self) -> str:
        self.done += 1
        return f"desk-{self.done}"
