"""Changes of an organization's cycle as the API speaks of them; amounts are minor units."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from dashboard.api.schemas.types import Instant, Interval, Printable, Reason, Sent, Told, Zone
from dashboard.billing.period import Cycle
from dashboard.organizations.cycle import CyclePlan, CycleWanted
from dashboard.organizations.cycle_preview import CycleFees, CyclePreview


class CycleQuery(Sent):
    """How the next cycles are to be counted.

    Without `cycle_anchor_at` from the end of the current cycle on, or as so far where that is the
    same interval and zone. `takes_effect`: at the end of the current cycle, or `early`, at the
    first of the new boundaries; the current cycle then costs a part of its fees.
    """

    cycle_interval: Interval
    cycle_zone: Zone = "UTC"
    cycle_anchor_at: Instant | None = None
    takes_effect: Literal["cycle_end", "early"] = "cycle_end"

    def wanted(self) -> CycleWanted:
        """Return what is asked for in plain values."""
        return CycleWanted(
            self.cycle_interval,
            self.cycle_zone,
            self.cycle_anchor_at,
            self.takes_effect == "early",
        )


class CycleIn(CycleQuery):
    """A change of the cycle; `seen` is what the preview answered, if it is to be as it was then."""

    reason: Reason
    seen: Annotated[str, StringConstraints(max_length=64), Printable] | None = None


class CycleOut(Told):
    """A cycle to come. `is_part`: a part of a whole one, which costs that part of the fees."""

    starts_at: Instant
    ends_at: Instant
    is_part: bool

    @classmethod
    def of(cls, cycle: Cycle) -> "CycleOut":
        """Read a cycle."""
        period = cycle.period
        is_part = period.seconds < cycle.whole_seconds
        return cls(starts_at=period.start, ends_at=period.end, is_part=is_part)


class CycleFeeOut(Told):
    """A fee of a cycle to come."""

    description: str
    amount_cents: int


class CycleFeesOut(CycleOut):
    """A cycle to come, with the fees of what is attached now."""

    fees: list[CycleFeeOut]
    fees_cents: int

    @classmethod
    def told(cls, one: CycleFees) -> "CycleFeesOut":
        """Read a cycle with its fees."""
        return cls(
            **CycleOut.of(one.cycle).model_dump(),
            fees=[
                CycleFeeOut(description=line.description, amount_cents=line.cents)
                for line in one.lines
            ],
            fees_cents=one.cents,
        )


class CycleChangeOut(Told):
    """How cycles are counted from `begins_at` on, and the first of them.

    `is_new` is false where they already were.
    """

    cycle_interval: str
    cycle_zone: str
    cycle_anchor_at: Instant
    begins_at: Instant
    is_new: bool
    following: CycleOut

    @classmethod
    def of(cls, plan: CyclePlan) -> "CycleChangeOut":
        """Read what a change came to."""
        return cls(
            cycle_interval=plan.rule.interval,
            cycle_zone=plan.rule.zone,
            cycle_anchor_at=plan.rule.anchor,
            begins_at=plan.ends_at,
            is_new=plan.is_new,
            following=CycleOut.of(plan.following),
        )


class CyclePreviewOut(CycleChangeOut):
    """What a change would do.

    `cycles` are those that follow, up to the first whole one; `without` is the next one without the
    change. The current invoice comes to `current_before_cents` now, and to `current_after_cents`.
    """

    current_before_cents: int
    current_after_cents: int
    cycles: list[CycleFeesOut]
    without: CycleFeesOut
    seen: str

    @classmethod
    def told(cls, preview: CyclePreview) -> "CyclePreviewOut":
        """Read a preview."""
        return cls(
            **CycleChangeOut.of(preview.plan).model_dump(),
            current_before_cents=preview.before_cents,
            current_after_cents=preview.after_cents,
            cycles=[CycleFeesOut.told(one) for one in preview.following],
            without=CycleFeesOut.told(preview.without),
            seen=preview.seen,
        )
