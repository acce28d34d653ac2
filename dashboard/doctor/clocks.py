"""Whether this machine's clock and another one's agree.

Cycles end by this machine's, rows are dated by it, Stripe's signatures are believed for five
minutes by it, and what waits in Redis ends by Redis'.
"""

from __future__ import annotations

from datetime import datetime

from dashboard.doctor.finding import Finding, look, mend, ok

# A second is lost on the way, or in a date without fractions.
NOTICED_SECONDS = 2.0
# Half of the time for which a signature of Stripe's is believed.
HARMFUL_SECONDS = 150.0
TO_DO = "Keep all machines on one time: run `timedatectl set-ntp true`, or use chrony."


def compare(whose: str, theirs: datetime, *, before: datetime, after: datetime) -> Finding:
    """Return how far `theirs`, read between two readings of our own clock, is from ours."""
    skew = max((theirs - after).total_seconds(), (before - theirs).total_seconds(), 0.0)
    name = f"clock of {whose}"
    if skew <= NOTICED_SECONDS:
        return ok(name, "it matches this machine's")
    way = "ahead of" if theirs > after else "behind"
    found = mend if skew > HARMFUL_SECONDS else look
    return found(name, f"it is {skew:.0f} s {way} this machine's", TO_DO)
