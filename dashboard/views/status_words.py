"""The word, icon and tone of every state; a state is never told by colour alone."""

from typing import NamedTuple


class StatusWord(NamedTuple):
    """How a state is shown. `tone` says what it asks of the reader: ok, info, warn, bad or mute.

    What is normal is quiet: mute, or ok where an icon may say that something is settled. A pill is
    for what a person has to know (warn) or act on (bad).
    """

    word: str
    icon: str
    tone: str


INVOICE = {
    "draft": StatusWord("In progress", "dot", "mute"),
    "closing": StatusWord("Closing", "clock", "mute"),
    "sealed": StatusWord("Checking", "shield", "mute"),
    "open": StatusWord("Issued", "invoice", "mute"),
    "past_due": StatusWord("Past due", "clock", "bad"),
    "declined": StatusWord("Declined", "card-off", "bad"),
    "confirm": StatusWord("To confirm", "card", "bad"),
    "partly_paid": StatusWord("Partly paid", "clock", "warn"),
    "unpaid_again": StatusWord("Unpaid again", "alert", "bad"),
    "disputed": StatusWord("Disputed", "alert", "warn"),
    "charged_back": StatusWord("Returned by the bank", "cross", "bad"),
    "paid": StatusWord("Paid", "settled", "ok"),
    "refunded": StatusWord("Refunded", "settled", "mute"),
    "credited": StatusWord("Credited", "settled", "ok"),
    "uncollectible": StatusWord("Uncollectible", "cross", "bad"),
    "void": StatusWord("Void", "cross", "mute"),
    "empty": StatusWord("Nothing to pay", "dash", "mute"),
}
SYNC = {
    "in_sync": StatusWord("Equal", "equal", "mute"),
    "pending": StatusWord("Next sync", "clock", "mute"),
    "syncing": StatusWord("Sending", "sync", "mute"),
    "differs": StatusWord("Differs", "differs", "bad"),
    "held": StatusWord("On hold", "pause", "warn"),
    "failed": StatusWord("Failing", "alert", "bad"),
    "parked": StatusWord("On hold", "pause", "bad"),
    "with_subscription": StatusWord("With subscription", "clock", "mute"),
    "none": StatusWord("Not synced yet", "dash", "mute"),
    "waits": StatusWord("Next bill", "roll", "mute"),
    "carried": StatusWord("Carried over", "roll", "mute"),
    "foreign": StatusWord("Added at Stripe", "differs", "bad"),
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
    "queued": StatusWord("Waiting", "clock", "mute"),
    "running": StatusWord("Sending", "sync", "mute"),
    "retrying": StatusWord("Trying again", "replay", "warn"),
    "succeeded": StatusWord("Done", "check", "mute"),
    "failed": StatusWord("Failed", "alert", "bad"),
}
STEP = {
    "done": StatusWord("Done", "check", "mute"),
    "refused": StatusWord("Refused", "alert", "bad"),
    "read_back": StatusWord("Read back", "replay", "mute"),
    "sent": StatusWord("Sent", "sync", "mute"),
}
EVENT = {
    "received": StatusWord("Waiting", "clock", "mute"),
    "processing": StatusWord("Processing", "sync", "mute"),
    "processed": StatusWord("Done", "check", "mute"),
    "ignored": StatusWord("Ignored", "dash", "mute"),
    "failed": StatusWord("Trying again", "replay", "warn"),
    "dead": StatusWord("Dead", "cross", "bad"),
    "unreadable": StatusWord("Unreadable", "alert", "warn"),
}
SERVICE = {
    "attached": StatusWord("Attached", "check", "mute"),
    "detached": StatusWord("Detached", "dash", "mute"),
}
PAYMENT = {"failed": INVOICE["declined"]}
VOID = {"undecided": StatusWord("Void, undecided", "dash", "warn")}
# Of credit notes, refunds and disputes, told so that either side can read it.
CORRECTION = {
    "issued": StatusWord("Issued", "check", "mute"),
    "void": StatusWord("Taken back", "dash", "mute"),
    "pending": StatusWord("On its way", "clock", "mute"),
    "requires_action": StatusWord("Waiting for the customer", "clock", "warn"),
    "succeeded": StatusWord("Refunded", "check", "mute"),
    "failed": StatusWord("Failed", "cross", "bad"),
    "canceled": StatusWord("Canceled", "dash", "mute"),
    "needs_response": StatusWord("Answer needed", "alert", "warn"),
    "warning_needs_response": StatusWord("Answer needed", "alert", "warn"),
    "appeal_needs_response": StatusWord("Answer needed", "alert", "warn"),
    "under_review": StatusWord("With the bank", "clock", "mute"),
    "warning_under_review": StatusWord("With the bank", "clock", "mute"),
    "appeal_under_review": StatusWord("With the bank", "clock", "mute"),
    "won": StatusWord("Payment stands", "settled", "ok"),
    "lost": StatusWord("Money returned", "cross", "bad"),
    "warning_closed": StatusWord("Closed", "dash", "mute"),
    "prevented": StatusWord("Prevented", "dash", "mute"),
}
ENDPOINT = {
    "on": StatusWord("On", "check", "mute"),
    "failing": StatusWord("Failing", "alert", "warn"),
    "paused": StatusWord("Paused", "pause", "warn"),
    "off": StatusWord("Off", "cross", "bad"),
}
DELIVERY = {
    "waits": StatusWord("Waiting", "clock", "mute"),
    "retrying": StatusWord("Trying again", "replay", "warn"),
    "delivered": StatusWord("Delivered", "check", "mute"),
    "given_up": StatusWord("Given up", "cross", "bad"),
    "dropped": StatusWord("Dropped", "dash", "mute"),
}
TOKEN = {
    "live": StatusWord("Live", "check", "mute"),
    "ending": StatusWord("Ends soon", "clock", "warn"),
    "ended": StatusWord("Ended", "cross", "mute"),
    "revoked": StatusWord("Revoked", "cross", "mute"),
}
PERSON = {
    "active": StatusWord("Active", "check", "mute"),
    "inactive": StatusWord("Deactivated", "cross", "mute"),
}
INVITATION = {
    "waits": StatusWord("Not used yet", "clock", "mute"),
    "too_old": StatusWord("Too old", "cross", "mute"),
}
FINDING = {
    "ok": StatusWord("In order", "settled", "ok"),
    "look": StatusWord("Look", "alert", "warn"),
    "mend": StatusWord("Fix", "cross", "bad"),
}
MAIL = {
    "sent": StatusWord("Sent", "check", "mute"),
    "waits": StatusWord("Not sent yet", "clock", "mute"),
    "delayed": StatusWord("Not sent yet", "alert", "warn"),
    "given_up": StatusWord("Not sent", "cross", "bad"),
}
STANDING = {
    "good": StatusWord("Good standing", "check", "mute"),
    "warned": StatusWord("Warned", "alert", "warn"),
    "suspended": StatusWord("Suspended", "pause", "bad"),
}
USAGE = {"unusual": StatusWord("Unusual", "gauge", "warn")}
PROPOSAL = {
    "waits": StatusWord("Approval", "people", "warn"),
    "approved": StatusWord("Approved", "check", "mute"),
    "refused": StatusWord("Refused", "cross", "mute"),
    "withdrawn": StatusWord("Withdrawn", "dash", "mute"),
    "expired": StatusWord("Expired", "clock", "mute"),
    "moot": StatusWord("No longer possible", "dash", "mute"),
}
# A line of an invoice against Stripe's.
LINE = {
    "equal": StatusWord("Equal", "equal", "mute"),
    "we_changed": StatusWord("Next sync", "clock", "mute"),
    "stripe_changed": StatusWord("Changed at Stripe", "differs", "bad"),
    "both_changed": StatusWord("Changed on both sides", "differs", "bad"),
    "missing": StatusWord("Missing at Stripe", "differs", "bad"),
    "duplicate": StatusWord("Twice at Stripe", "differs", "bad"),
    "foreign": StatusWord("Added at Stripe", "differs", "bad"),
}
BULK = {
    "working": StatusWord("In progress", "sync", "mute"),
    "canceling": StatusWord("Canceling", "pause", "mute"),
    "canceled": StatusWord("Canceled", "dash", "mute"),
    "done": StatusWord("Done", "check", "mute"),
    "failures": StatusWord("Done, some failed", "alert", "warn"),
}
# Of what must hold of the money.
INVARIANT = {
    "broken": StatusWord("Does not hold", "cross", "bad"),
    "holds": StatusWord("Holds", "settled", "ok"),
    "stale": StatusWord("Not looked at", "clock", "warn"),
    "unseen": StatusWord("Not looked at yet", "clock", "warn"),
}
WORK = {
    "ok": StatusWord("On time", "check", "mute"),
    "late": StatusWord("Late", "clock", "warn"),
    "paused": StatusWord("Paused", "pause", "warn"),
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
    "endpoint": ENDPOINT,
    "delivery": DELIVERY,
    "person": PERSON,
    "invitation": INVITATION,
    "mail": MAIL,
    "void": VOID,
    "correction": CORRECTION,
    "finding": FINDING,
    "usage": USAGE,
    "standing": STANDING,
    "work": WORK,
    "line": LINE,
    "proposal": PROPOSAL,
    "bulk": BULK,
    "invariant": INVARIANT,
}


def status_word(kind: str, state: str) -> StatusWord:
    """Return how `state` of a `kind` is shown; raise KeyError for one nobody worded.

    What Stripe calls a correction is its own: a new word of it is shown as it is.
    """
    if kind == "correction" and state not in CORRECTION:
        return StatusWord(state.replace("_", " ").capitalize(), "info", "mute")
    return KINDS[kind][state]
