"""A bill as it was, as the API speaks of it; amounts are minor units."""

from dashboard.api.schemas.types import ExactDecimal, Instant, Sent, Told
from dashboard.reading.moment import BillThen, LineThen


class MomentQuery(Sent):
    """When; in UTC or with an offset."""

    at: Instant


class LineThenOut(Told):
    """A line as it was.

    `uncounted_cents` is what it billed before the hour of usage that was being counted just then,
    null where none was: usage is kept by the hour, and `amount_cents` is what it came to by its
    end.
    """

    kind: str
    description: str
    quantity: ExactDecimal
    amount_cents: int
    uncounted_cents: int | None

    @classmethod
    def of(cls, line: LineThen) -> "LineThenOut":
        """Read a line."""
        return cls.model_construct(
            kind=line.kind,
            description=line.description,
            quantity=line.quantity,
            amount_cents=line.cents,
            uncounted_cents=line.uncounted_cents,
        )


class HeldThenOut(Told):
    """What Stripe held by then: the total that the sync left there, and since when."""

    sync_run_id: int
    since: Instant
    total_cents: int


class BillThenOut(Told):
    """An invoice as it was; `total_cents` is before tax, `credited_cents` beside it."""

    at: Instant
    status: str
    total_cents: int
    credited_cents: int
    lines: list[LineThenOut]
    stripe: HeldThenOut | None

    @classmethod
    def of(cls, bill: BillThen) -> "BillThenOut":
        """Read a bill."""
        held = bill.held
        return cls.model_construct(
            at=bill.at,
            status=bill.status,
            total_cents=bill.total_cents,
            credited_cents=bill.credited_cents,
            lines=[LineThenOut.of(line) for line in bill.lines],
            stripe=HeldThenOut(sync_run_id=held.run_id, since=held.since, total_cents=held.cents)
            if held
            else None,
        )
