"""How far the close of all is, as the API speaks of it."""

from __future__ import annotations

from dashboard.api.schemas.types import Instant, Told
from dashboard.closing.progress import Limit, Means, Progress


class CloseOut(Told):
    """The bills whose cycles are over: those issued in the last 24 hours, and all that are not.

    `total` is `done`, `left` and `on_hold` together; what is on hold waits for a person.
    `seconds_left` is null where no one can say. `per_minute` is how many were issued a minute
    recently, or as many as Stripe's rate allows where too few were. `limit` names what it waits
    for, or what lets it go no faster. `held_reason` is null unless all closings are held, which
    ends at `held_until` (null: at no set time).
    """

    total: int
    done: int
    left: int
    on_hold: int
    limit: Limit
    seconds_left: int | None
    per_minute: int
    held_reason: str | None
    held_until: Instant | None

    @classmethod
    def of(cls, told: Progress, means: Means) -> CloseOut:
        """Read the progress."""
        held = means.held
        return cls(
            total=told.total,
            done=told.done,
            left=told.left,
            on_hold=told.on_hold,
            limit=told.limit,
            seconds_left=None if told.seconds_left is None else round(told.seconds_left),
            per_minute=round(told.per_minute),
            held_reason=held.reason if held else None,
            held_until=held.until if held else None,
        )
