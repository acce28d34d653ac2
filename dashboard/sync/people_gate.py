"""The gate of people: a proven bill still waits where a person holds it, or is to approve it."""

from __future__ import annotations

from dashboard.billing.outcome import put_on_hold
from dashboard.closing.people import APPROVAL_WANTED, HELD_BY_PERSON, why_people_wait
from dashboard.sync.draft_work import DraftWork


def wait_for_people(work: DraftWork) -> bool:
    """Put the bill on hold where people want it to wait; return whether it does.

    Asked directly before the finalization, when its total is proven: what is approved is that.
    """
    found = why_people_wait(work.invoice)
    if found is None:
        return False
    code, sentence = found
    if code == HELD_BY_PERSON:
        put_on_hold(work.invoice, HELD_BY_PERSON, sentence, now=work.clock())
    else:
        put_on_hold(work.invoice, APPROVAL_WANTED, sentence, now=work.clock())
    work.checkpoint()
    return True
