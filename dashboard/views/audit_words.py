"""What an entry of the audit trail says, in a sentence that people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.accounts.factors.held import FACTORS
from dashboard.accounts.sessions import METHODS
from dashboard.audit.listing import AuditLine
from dashboard.views.formatting import instant, money

# A part in brackets is left out where one of its facts is not known.
SENTENCES = {
    "adjustment.added": "{cents} for “{description}” on the current invoice.",
    "audit.exported": "Downloaded the audit trail as {format}[, only {filters}].",
    "budget.removed": "Took away the budget of {cents_before} a cycle.",
    "budget.set": "Set the budget of a cycle to {cents}[; it was {cents_before}].",
    "credit_note.told": "A credit note of {amount_cents} is {status} at Stripe.",
    "customer.changed_at_stripe": "Somebody changed Stripe's customer from {before} to {after}.",
    "customer.deleted_at_stripe": "Stripe's customer {stripe_id} was deleted there.",
    "customer.sent_ours": "Stripe's customer will say {after} instead of {before}.",
    "dispute.told": "A dispute over {amount_cents} is {status} at Stripe.",
    "events.replayed": "Processed {number} events again that failed with: {error}",
    "event.replayed": "Processed the event {stripe_event_id} again[; it is {state}].",
    "factor.added": "Added {factor} as a second factor[, called “{name}”].",
    "factor.removed": "Removed {factor} as a second factor[, called “{name}”].",
    "factors.taken_away": "Took all second factors away from them.",
    "foreign_line.decided": "Decided “{decision}” on the line “{description}” of {amount_cents}"
    "[; it was “{earlier}” before].",
    "history.exported": "Downloaded the history of the bill's lines[, only {filters}].",
    "invitation.accepted": "{email} became {role} by their invitation.",
    "invitation.created": "Invited {email} as {role}.",
    "invitation.withdrawn": "Withdrew the invitation of {email} as {role}.",
    "invoice.closed": "The cycle ended; the invoice comes to {total_cents} so far.",
    "invoice.deleted_at_stripe": "The draft {stripe_id} was deleted at Stripe.",
    "invoice.exported": "Downloaded the lines of the invoice.",
    "invoice.open": "The invoice went from {from} to {to}.",
    "invoice.paid": "The invoice went from {from} to {to}.",
    "invoice.printed": "Downloaded the invoice as a PDF.",
    "invoice.replaced_at_stripe": "Invoice [{replaced_number}] was edited at Stripe, where it asks "
    "for {asks_cents}; the ledger says {ledger_cents}.",
    "invoice.rolled": "Closed early, at {total_cents}.",
    "invoice.schedule_restored": "Stripe is asked to finalize the draft by itself again.",
    "invoice.sealed": "Sealed at {total_cents}.",
    "invoice.stray_removed": "A pending item of {amount_cents} was removed at Stripe.",
    "invoice.stuck": "The invoice could not go on from {status}: {error}.",
    "invoice.sync_requested": "Asked for a sync.",
    "invoice.uncollectible": "The invoice went from {from} to {to}.",
    "invoice.void": "The invoice went from {from} to {to}.",
    "invoice.void_billed": "{cents} of the void invoice is billed on the current one.",
    "invoice.void_held": "{cents} of the void invoice waits for a decision.",
    "invoice.void_held_otherwise": "{cents} of the void invoice waits instead of {cents_before}.",
    "invoice.void_written_off": "{cents} of the void invoice is written off.",
    "job.removed": "Took {task} off the failed jobs; it failed with: {error}",
    "job.retried": "Ran {task} again, which had failed with: {error}",
    "membership.changed": "{email} has another role in the organization: {role}.",
    "membership.created": "{email} sees the organization[, as {role}].",
    "membership.ended": "{email} does not see the organization any more.",
    "need.given_back": "Gave back what needs a person: {kind}.",
    "need.noted": "Noted on what needs a person: {kind}[: “{after}”][; it was “{before}” before].",
    "need.snoozed": "Put off what needs a person until {until}: {kind}.",
    "need.taken": "Took what needs a person: {kind}.",
    "need.woken": "Put what needs a person back on the list: {kind}.",
    "organization.created": "Created “{name}”, billed in {currency}.",
    "person.activated": "Let {email} in again.",
    "person.admitted": "Came in by the company's sign-on[, as {role}].",
    "person.email_changed": "Signs in with another address now, as the company's sign-on says.",
    "person.linked": "Their sign-on at {issuer} is theirs from now on.",
    "person.deactivated": "Shut {email} out[; these API tokens of theirs ended: {tokens}].",
    "person.password_changed": "Changed the password.",
    "person.reset_link_made": "Made a link for a new password of {email}.",
    "person.role_changed": "Changed the role: {role}.",
    "portal.opened": "Opened Stripe's portal.",
    "price.changed": "Added a version of {code}, from {effective_at}.",
    "price.created": "Created the price {code}, from {effective_at}.",
    "price.product_changed": "Lists {code} under {product} instead of {product_before}.",
    "recovery_code.used": "Used a recovery code; {left} are left.",
    "recovery_codes.made": "Made {codes} recovery codes; the older ones ended.",
    "refund.told": "A refund of {amount_cents} is {status} at Stripe.",
    "service.attached": "Attached {quantity} of {price}, from {at}.",
    "service.changed": "Changed the quantity from {from} to {to}, at {at}.",
    "service.detached": "Detached at {at}.",
    "session.ended": "Signed out of {device}[, {address}].",
    "session.opened": "Signed in by {method}[ and {factor}] on {device}[, from {address}].",
    "session.proof_refused": "Entered a wrong password to confirm who they are[, from {address}].",
    "session.proved": "Confirmed who they are by {method}.",
    "session.refused": "Somebody entered a wrong password on {device}[, from {address}]"
    "[, for {email}, who is nobody here].",
    "sessions.ended": "Signed out everywhere: {sessions} sessions ended.",
    "spend.exported": "Downloaded the spend by {by}, range {range}.",
    "sync.given_up": "Gave up on the sync: {error}.",
    "token.created": "Made the API token “{name}” for {scopes}[, until {ends}].",
    "token.replaced": "Replaced the API token “{name}”; the old one goes on until {ends}.",
    "token.revoked": "Revoked the API token “{name}”.",
    "usage.taken_off": "Took {records} records of {meter} off the bill: {quantity}, {cents}.",
}
_PART = re.compile(r"\[([^\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")
_INSTANTS = {"at", "ends", "effective_at", "until"}


def sentence_of(line: AuditLine) -> str:
    """Return what an entry's facts say; those that no sentence is for are listed by name."""
    known = {name: value for name, value in line.entry.facts.items() if value not in (None, [], {})}
    said = {name: _said(name, value, known, line) for name, value in known.items()}
    pattern = SENTENCES.get(line.entry.action, "")
    whole = _PART.sub(lambda part: part[1] if _is_known(part[1], said) else "", pattern)
    if not whole or not _is_known(whole, said):
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in said.items())
    return _NAME.sub(lambda name: said[name[1]], whole)


def _is_known(pattern: str, said: Mapping[str, str]) -> bool:
    return said.keys() >= set(_NAME.findall(pattern))


def _said(name: str, value: Any, facts: Mapping[str, Any], line: AuditLine) -> str:
    currency = facts.get("currency") or line.currency
    if (name.endswith("cents") or name == "cents_before") and isinstance(value, int) and currency:
        return money(value, currency)
    if name == "currency":
        return str(value).upper()
    if name == "method":
        return METHODS.get(value, str(value))
    if name == "factor":
        return FACTORS.get(value, str(value))
    if name in _INSTANTS and isinstance(value, str):
        return _instant(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{one.replace('_', ' ')} {said}" for one, said in value.items())
    if isinstance(value, list):
        between = " to " if name == "role" else ", "
        return between.join(map(str, value))
    return str(value)


def _instant(text: str) -> str:
    try:
        return instant(datetime.fromisoformat(text))
    except ValueError:
        return text
