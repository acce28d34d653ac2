"""The ledger's world, in which invoices are voided too."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.carry import carry_over
from dashboard.billing.close import seal_now
from dashboard.billing.current import current_draft
from dashboard.billing.models import Invoice
from dashboard.billing.void_decide import decide_void
from dashboard.extensions import db as database
from dashboard.money import Money
from tests.factories import SUPPORT
from tests.support.ledger_world import World, ago, numbers, stories, usage
from tests.support.stripe_acts import tell

index = st.integers(0, 6)


deltas = st.lists(st.sampled_from((None, 0, -1200, 1, 2500)), min_size=1, max_size=5)


stripe_first = st.tuples(
    st.just("stripe_first"), deltas, st.sampled_from(("open", "void", "uncollectible"))
)


facts = (
    usage,
    st.tuples(st.just("attach"), ago, st.integers(1, 5)),
    st.tuples(st.just("detach"), ago, st.integers(0, 4)),
    st.tuples(st.just("change"), ago, st.integers(0, 4), st.integers(0, 7)),
    st.tuples(st.just("adjust"), st.integers(-900, 900).filter(bool)),
    st.tuples(st.just("roll_early")),
    st.tuples(st.just("issue"), index),
    stripe_first,
)


steps = stories(
    *facts,
    st.tuples(st.just("void"), index),
    st.tuples(st.just("void"), index),
    st.tuples(st.just("decide"), index, st.sampled_from(("bill", "write_off"))),
    st.tuples(st.just("decide"), index, st.sampled_from(("write_off", "bill"))),
)


@dataclass
class VoidWorld(World):
    """A world in which Stripe's invoices live too."""

    adjusted: list[int] = field(default_factory=list)

    def any_of(self, index, *statuses):
        """Return one of the invoices in these states: a story that misses tells nothing."""
        query = select(Invoice).where(Invoice.organization_id == self.organization.id)
        found = database.session.scalars(query.order_by(Invoice.sequence)).all()
        fitting = [one for one in found if one.status in statuses]
        return fitting[index % max(len(fitting), 1)]

    def detach(self, back, index):
        super().detach(back, index % max(len(self.services), 1))

    def adjust(self, cents):
        add_adjustment(
            current_draft(self.organization.id), Money(cents, "usd"), reason="Fair",
            description="Adjustment", actor=SUPPORT, now=self.now, key=f"key-{next(numbers)}",
        )  # fmt: skip
        self.adjusted.append(cents)

    def issue(self, index):
        """We finalized a sealed invoice as it was."""
        tell(self.any_of(index, "sealed"), "open", self.now)

    def stripe_first(self, deltas, status):
        """Stripe finalized the draft: each line as it was, absent (None), or off by something."""
        invoice = current_draft(self.organization.id)
        seal_now(invoice, now=self.now)
        billed = {}
        for number, item in enumerate(invoice.items):
            delta = deltas[number % len(deltas)]
            if delta is not None:
                billed[item.key] = item.amount_cents + delta
        carry_over(invoice, billed, now=self.now)
        tell(invoice, status, self.now)

    def void(self, index):
        tell(self.any_of(index, "open", "uncollectible", "sealed"), "void", self.now)

    def decide(self, index, decision):
        decide_void(
            self.any_of(index, "void"), decision, seen=None, reason="Fair", actor=SUPPORT,
            now=self.now,
        )  # fmt: skip
