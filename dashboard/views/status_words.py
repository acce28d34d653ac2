"""The word, icon and tone of every state; a state is never told by colour alone."""

from typing import NamedTuple


class StatusWord(NamedTuple):
    """How a state is shown. `tone` says what it asks of the reader: ok, info, warn, bad or mute."""

    word: str
    icon: str
    tone: str


INVOICE = {
    "draft": StatusWord("In progress", "pencil", "info"),
    "closing": StatusWord("Closing", "clock", "info"),
    "sealed": StatusWord("Sealed", "lock", "info"),
    "open": StatusWord("Open", "invoice", "info"),
    "past_due": StatusWord("Past due", "alert", "warn"),
    "paid": StatusWord("Paid", "check", "ok"),
    "uncollectible": StatusWord("Uncollectible", "cross", "bad"),
    "void": StatusWord("Void", "dash", "mute"),
    "empty": StatusWord("Nothing to pay", "dash", "mute"),
}
SYNC = {
    "in_sync": StatusWord("In sync", "check", "ok"),
    "pending": StatusWord("Pending", "clock", "mute"),
    "syncing": StatusWord("Syncing", "sync", "info"),
    "differs": StatusWord("Differs", "differs", "warn"),
    "held": StatusWord("Held", "pause", "warn"),
    "failed": StatusWord("Failed", "cross", "bad"),
    "parked": StatusWord("Parked", "pause", "bad"),
    "none": StatusWord("Not synced yet", "dash", "mute"),
    "carried": StatusWord("Carried over", "roll", "warn"),
    "foreign": StatusWord("Not ours", "differs", "warn"),
}
CHECKED = StatusWord("Being checked", "pause", "warn")
# What customers read: who has to do what about it is not theirs to know.
SYNC_PLAINLY = SYNC | {
    "differs": CHECKED,
    "held": CHECKED,
    "parked": CHECKED,
    "failed": StatusWord("Delayed", "clock", "mute"),
}
RUN = {
    "queued": StatusWord("Queued", "clock", "mute"),
    "running": StatusWord("Running", "sync", "info"),
    "retrying": StatusWord("Retrying", "replay", "warn"),
    "succeeded": StatusWord("Succeeded", "check", "ok"),
    "failed": StatusWord("Failed", "cross", "bad"),
}
STEP = {
    "done": StatusWord("Done", "check", "ok"),
    "refused": StatusWord("Refused", "cross", "bad"),
    "read_back": StatusWord("Read back", "replay", "warn"),
    "sent": StatusWord("Sent", "sync", "info"),
}
EVENT = {
    "received": StatusWord("Received", "inbox", "mute"),
    "processing": StatusWord("Processing", "sync", "info"),
    "processed": StatusWord("Processed", "check", "ok"),
    "ignored": StatusWord("Ignored", "dash", "mute"),
    "failed": StatusWord("Failed, will retry", "alert", "warn"),
    "dead": StatusWord("Dead", "cross", "bad"),
    "unreadable": StatusWord("Unreadable", "alert", "warn"),
}
SERVICE = {
    "attached": StatusWord("Attached", "check", "ok"),
    "detached": StatusWord("Detached", "dash", "mute"),
}
PAYMENT = {
    "failed": StatusWord("Payment failed", "card", "warn"),
}
VOID = {"undecided": StatusWord("Void, undecided", "dash", "warn")}
# Of credit notes, refunds and disputes, told so that either side can read it.
CORRECTION = {
    "issued": StatusWord("Issued", "check", "ok"),
    "void": StatusWord("Taken back", "dash", "mute"),
    "pending": StatusWord("On its way", "clock", "info"),
    "requires_action": StatusWord("Waits for the customer", "clock", "warn"),
    "succeeded": StatusWord("Paid back", "check", "ok"),
    "failed": StatusWord("Failed", "cross", "bad"),
    "canceled": StatusWord("Canceled", "dash", "mute"),
    "needs_response": StatusWord("Answer needed", "alert", "warn"),
    "warning_needs_response": StatusWord("Answer needed", "alert", "warn"),
    "appeal_needs_response": StatusWord("Answer needed", "alert", "warn"),
    "under_review": StatusWord("With the bank", "clock", "info"),
    "warning_under_review": StatusWord("With the bank", "clock", "info"),
    "appeal_under_review": StatusWord("With the bank", "clock", "info"),
    "won": StatusWord("Payment stands", "check", "ok"),
    "lost": StatusWord("Money went back", "cross", "bad"),
    "warning_closed": StatusWord("Closed", "dash", "mute"),
    "prevented": StatusWord("Prevented", "dash", "mute"),
}
TOKEN = {
    "live": StatusWord("Live", "check", "ok"),
    "ending": StatusWord("Ends soon", "clock", "warn"),
    "ended": StatusWord("Ended", "cross", "mute"),
    "revoked": StatusWord("Revoked", "cross", "mute"),
}
PERSON = {
    "active": StatusWord("Active", "check", "ok"),
    "inactive": StatusWord("Deactivated", "cross", "mute"),
}
INVITATION = {
    "waits": StatusWord("Not used yet", "clock", "mute"),
    "too_old": StatusWord("Too old", "cross", "mute"),
}
FINDING = {
    "ok": StatusWord("In order", "check", "ok"),
    "look": StatusWord("Look", "alert", "warn"),
    "mend": StatusWord("Mend", "cross", "bad"),
}
MAIL = {
    "sent": StatusWord("Mailed", "check", "ok"),
    "waits": StatusWord("Not mailed yet", "clock", "mute"),
    "delayed": StatusWord("Not mailed yet", "alert", "warn"),
    "given_up": StatusWord("Not mailed", "cross", "bad"),
}
WORK = {
    "ok": StatusWord("On time", "check", "ok"),
    "late": StatusWord("Late", "alert", "bad"),
}
KINDS = {
    "invoice": INVOICE,
    "sync": SYNC,
    "sync_plainly": SYNC_PLAINLY,
    "run": RUN,
    "step": STEP,
    "event": EVENT,
    "service": SERVICE,
    "payment": PAYMENT,
    "token": TOKEN,
    "person": PERSON,
    "invitation": INVITATION,
    "mail": MAIL,
    "void": VOID,
    "correction": CORRECTION,
    "finding": FINDING,
    "work": WORK,
}


def status_word(kind: str, state: str) -> StatusWord:
    """Return how `state` of a `kind` is shown; raise KeyError for one nobody worded.

    What Stripe calls a correction is its own: a new word of it is shown as it is.
    """
    if kind == "correction" and state not in CORRECTION:
        return StatusWord(state.replace("_", " ").capitalize(), "info", "mute")
    return KINDS[kind][state]
