"""Which sealed bills are finalized first: those sent to be paid by hand, then by amount. Pure."""

from __future__ import annotations

from dashboard.money import Money

# A person waits for it: before all others.
AT_ONCE = -(2**62)
# Above any amount in whole units, so that what is sent comes before what a card pays.
_SENT = 2**56


def finalize_rank(total: Money, *, is_sent: bool) -> int:
    """Return the place of a bill in line, the lowest first.

    Who gets a bill to pay by hand has a deadline that begins with it; a large one is the most that
    is not yet asked for. Amounts of several currencies are compared as whole units, without rates.
    """
    amount = min(max(int(total.major), 0), _SENT - 1)
    return -amount - (_SENT if is_sent else 0)
