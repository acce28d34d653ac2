"""Service standing as the API speaks of it."""

from __future__ import annotations

from dashboard.api.schemas.types import Instant, Told
from dashboard.reading.standing import StandingNow
from dashboard.standing.rules import Standing


class StandingOut(Told):
    """`standing` is good, warned or suspended, as it is now; nothing is stopped here.

    `by_rules` is what the rules alone say. A person set it apart where `override_until` is not
    null: until then `standing` is theirs. `changed_at` is when the clock last saw it move; null for
    one that was never anything but good.
    """

    standing: Standing
    by_rules: Standing
    override_until: Instant | None
    changed_at: Instant | None

    @classmethod
    def of(cls, found: StandingNow) -> StandingOut:
        """Read a standing."""
        return cls(
            standing=found.standing,
            by_rules=found.by_rules,
            override_until=found.override.until if found.override else None,
            changed_at=found.changed_at,
        )
