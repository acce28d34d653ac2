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
from dashboard.views.refund_words import FOR_WHAT_WITHIN

# A part in brackets is left out where one of its facts is not known.
SENTENCES = {
    "adjustment.added": "{cents} for “{description}” on the current invoice.",
    "adjustment.reversed": "{cents} on the same invoice reverses “{reversed}”.",
    "audit.exported": "Downloaded the audit trail as {format}[, only {filters}].",
    "balance.exported": "Downloaded the history of the balance at Stripe.",
    "budget.removed": "Removed the budget of {cents_before} per cycle.",
    "budget.set": "Set the budget per cycle to {cents}[; it was {cents_before}].",
    "bulk_action.begun": "Started a bulk action to {verb} {number}[: {which}].",
    "bulk_action.canceled": "Canceled the bulk action to {verb}; {left} were not started.",
    "bulk_action.ended": "The bulk action to {verb} ended: {done} done[, {failed} failed]"
    "[, {left} not started].",
    "close_rehearsal.asked": "Had the closes of {day} rehearsed.",
    "closing_limit.ended": "Took away the limit of {cents} above which bills wait for approval.",
    "closing_limit.set": "Bills above {cents} wait for approval[; it was {cents_before}].",
    "closing_pause.begun": "Paused all closings until {until}.",
    "closing_pause.expired": "The pause of {begun_by} ended as planned, {until}.",
    "closing_pause.ended": "Ended the pause of {begun_by}, which was to last until {until}.",
    "credit_note.issued": "The credit note of {cents} was issued at Stripe.",
    "credit_note.planned": "A credit note of {cents} is to be issued[: {refund_cents} refunded]"
    "[, {balance_cents} to the balance][, {outside_cents} by other means].",
    "credit_note.refused": "Stripe refused the credit note of {cents}: {why}",
    "credit_note.void_asked": "The credit note of {cents} is to be voided.",
    "credit_note.void_refused": "Stripe did not void the credit note of {cents}: {why}",
    "credit_note.voided": "The credit note of {cents} was voided at Stripe.",
    "credit_note.told": "A credit note of {amount_cents} is {status} at Stripe.",
    "customer.changed_at_stripe": "The customer was changed at Stripe from {before} to {after}.",
    "customer.deleted_at_stripe": "Stripe's customer {stripe_id} was deleted there.",
    "customer.sent_ours": "The next sync changes Stripe's customer from {before} to {after}.",
    "customer.view_ended": "Left the view of the customer.",
    "customer.viewed": "Viewed the pages as the customer sees them.",
    "dispute.settled": "Settled the dispute over {cents} that was lost.",
    "dispute.told": "A dispute over {amount_cents} is {status} at Stripe.",
    # Of an earlier release; now it is a bulk action.
    "events.replayed": "Replayed {number} events that failed with: {error}",
    "event.replayed": "Replayed the event {stripe_event_id}[; it is {state}].",
    "factor.added": "Added {factor} as a second factor[, called “{name}”].",
    "factor.removed": "Removed {factor} as a second factor[, called “{name}”].",
    "factors.taken_away": "Removed all their second factors.",
    "foreign_line.decided": "Decided “{decision}” on the line “{description}” of {amount_cents}"
    "[; it was “{earlier}” before].",
    "ledger.held": "Held the ledger: {why}",
    "ledger.looked_back": "Read back what Stripe has: {found} differences, {counts} to put right.",
    "ledger.look_asked": "Had Stripe read back again after a restore.",
    "ledger.repair_asked": "Had a difference put right after a restore: {finding}",
    "ledger.comparison_ended": "Let calls to Stripe go on before the ledger was compared.",
    "ledger.released": "Released the ledger, {left} differences left as they were.",
    "gap.look_asked": "Had Stripe looked through for gaps.",
    "gap.repair_asked": "Had a gap closed: {gap}",
    "history.exported": "Downloaded the history of the bill's lines[, only {filters}].",
    "invariant.look_asked": "Had all organizations looked at for: {invariant}",
    "invitation.accepted": "{email} accepted the invitation as {role}.",
    "invitation.created": "Invited {email} as {role}.",
    "invitation.withdrawn": "Withdrew the invitation for {email} as {role}.",
    "invoice.approved": "Approved that it is issued at {cents} before tax.",
    "invoice.closed": "The cycle ended; the invoice comes to {total_cents} so far.",
    "invoice.credits_carried": "Credits of {cents} beyond what the taxed bill charges were carried "
    "to the next one.",
    "invoice.deleted_at_stripe": "The draft {stripe_id} was deleted at Stripe.",
    "invoice.difference_carried": "{cents} that Stripe billed {much} is on the current invoice.",
    "invoice.difference_credited": "A credit note takes off {cents} that Stripe billed {much}.",
    "invoice.difference_left": "{cents} that Stripe billed {much} is left as it is.",
    "invoice.exported": "Downloaded the lines of the invoice.",
    "invoice.claimed": "Took {stripe_id}, an invoice of {subscription}, for its items.",
    "invoice.goes_alone": "Goes on an invoice of its own. {why}",
    "invoice.held": "Put on hold: {reason}",
    "invoice.issue_held": "Held the bill until it is released.",
    "invoice.issue_released": "Released the bill that {held_by} held.",
    "invoice.open": "The invoice went from {from} to {to}.",
    "invoice.paid": "The invoice went from {from} to {to}.",
    "invoice.printed": "Downloaded the invoice as a PDF.",
    "invoice.replaced_at_stripe": "Invoice [{replaced_number}] was edited at Stripe, where it "
    "bills {asks_cents}; the ledger says {ledger_cents}.",
    "invoice.proof_downloaded": "Downloaded the proof of the invoice.",
    "invoice.release_asked": "Requested the release, by bulk action {act}.",
    "invoice.released": "Released; another try is made.",
    "invoice.rolled": "Closed early, at {total_cents}.",
    "invoice.schedule_restored": "Turned Stripe's own schedule for the draft back on.",
    "invoice.sealed": "Sealed at {total_cents}.",
    "invoice.stray_removed": "A pending item of {amount_cents} was removed at Stripe.",
    "invoice.stuck": "The invoice is stuck in {status}: {error}.",
    "invoice.sync_requested": "Requested a sync.",
    "invoice.uncollectible": "The invoice went from {from} to {to}.",
    "invoice.void": "The invoice went from {from} to {to}.",
    "invoice.void_billed": "{cents} of the void invoice is billed on the current one.",
    "invoice.void_held": "{cents} of the void invoice needs a decision.",
    "invoice.void_held_otherwise": (
        "{cents} of the void invoice needs a decision, instead of {cents_before}."
    ),
    "invoice.void_written_off": "{cents} of the void invoice is written off.",
    "job.removed": "Removed {task} from the failed jobs; it failed with: {error}",
    "job.retried": "Retried {task}, which had failed with: {error}",
    "event_endpoint.changed": "Changed the event endpoint “{label}” to {url}, for {kinds}.",
    "event_endpoint.paused": "Paused the event endpoint “{label}”.",
    "event_endpoint.registered": "Registered the event endpoint “{label}” at {url}, for {kinds}.",
    "event_endpoint.removed": "Removed the event endpoint “{label}” at {url}.",
    "event_endpoint.replayed": "Sent events to “{label}” again since {since}: {events}, {which}.",
    "event_endpoint.resent": "Sent the event {event} to “{label}” again.",
    "event_endpoint.resumed": "Resumed the event endpoint “{label}”, with {events} made up for.",
    "event_endpoint.rolled": "Rolled the secret of “{label}”; the old one signs until {ends}.",
    "event_endpoint.switched_off": "Switched off the event endpoint “{label}”: {why}",
    "event_endpoint.tested": "Sent a test event to “{label}”.",
    "mail.address_accepted": "E-mails go to {email} again, which had been refused.",
    "mail.address_refused": "No e-mails about bills go to {email}: {reason}",
    "mail.sent_again": "Sent the e-mail “{what}” again, to {email}.",
    "mail_choice.made": "Chose the e-mails about bills to {email}: {kinds}.",
    "mail_choice.turned_off": "Turned off e-mails to {email}: {kinds}.",
    "mail_choice.turned_on": "Turned on e-mails to {email}: {kinds}.",
    "membership.changed": "Changed the role of {email} in the organization from {role}.",
    "membership.created": "Gave {email} access to the organization[, as {role}].",
    "membership.ended": "Removed {email} from the organization[; their API tokens for it ended: "
    "{tokens}].",
    "need.given_back": "Unassigned work that needs a person: {kind}.",
    "need.noted": (
        "Changed the note on work that needs a person: {kind}[: “{after}”][; it was “{before}”]."
    ),
    "need.snoozed": "Snoozed work that needs a person until {until}: {kind}.",
    "need.taken": "Took work that needs a person: {kind}.",
    "need.woken": "Returned work that needs a person to the list: {kind}.",
    "note.added": "Wrote a note.",
    "note.pinned": "Pinned a note.",
    "note.unpinned": "Unpinned a note.",
    "organization.created": "Created “{name}”, billed in {currency}.",
    "organization.cycle_changed": "Cycles are {every} in {zone}, counted from {anchor_at}, "
    "instead of {every_before} in {zone_before}[; the current one ends early, at {ends_early_at}].",
    "invoice.tax_waived": "Let the bill go without the tax that it was to have.",
    "organization.tax_switched_off": "Switched automatic tax off from invoice {invoice} on.",
    "organization.tax_switched_on": "Switched automatic tax on from invoice {invoice} on[; of its "
    "credits, {carried_cents} waits for the next bill].",
    "organization.linked": "Billed on the invoices of {subscription} from the next cycle on.",
    "organization.unlinked": "No longer billed on the invoices of {subscription}.",
    "organization.mails_set": "E-mails about bills are {mails}[; reminders after {reminder_days} "
    "days past due].",
    "organization.looked_at": "Looked whether the money adds up; {broken} checks failed.",
    "past_due.exported": "Downloaded what is past due[, only {filters}].",
    "person.activated": "Reactivated {email}.",
    "person.admitted": "Joined through the company's sign-on[, as {role}].",
    "person.email_changed": "Changed the sign-in address to the one from the company's sign-on.",
    "person.linked": "Linked their sign-on at {issuer}.",
    "person.deactivated": "Deactivated {email}[; their API tokens ended: {tokens}].",
    "person.password_changed": "Changed the password.",
    "person.reset_link_made": "Created a password link for {email}.",
    "person.role_changed": "Changed the role from {role}.",
    "portal.opened": "Opened Stripe's portal.",
    "price.changed": "Added a version of {code}, from {effective_at}.",
    "price.created": "Created the price {code}, from {effective_at}.",
    "price.product_changed": "Listed {code} under {product} instead of {product_before}.",
    "proposal.approved": "Approved the {what} of {cents}, proposed by {proposed_by}.",
    "proposal.expired": "The proposed {what} of {cents} expired without a decision.",
    "proposal.made": "Proposed a {what} of {cents}[ for “{description}”].",
    "proposal.moot": "The proposed {what} of {cents} can no longer be approved. {why}",
    "proposal.refused": "Refused the {what} of {cents}, proposed by {proposed_by}.",
    "proposal.withdrawn": "Withdrew the proposed {what} of {cents}[ for “{description}”].",
    "recovery_code.used": "Used a recovery code; {left} are left.",
    "recovery_codes.made": "Created {codes} recovery codes; the old ones ended.",
    "refund.made": "The refund of {cents} is {status} at Stripe.",
    "refund.planned": "A refund of {cents} is to be made: {purpose}.",
    "refund.refused": "The refund of {cents} was not made: {why}",
    "refund.settled": "Settled the refund of {cents} that failed.",
    "refund.told": "A refund of {amount_cents} is {status} at Stripe.",
    "schedule.paused": "Paused the entry of the schedule “{entry}”.",
    "schedule.resumed": "Resumed the entry of the schedule “{entry}”.",
    "schedule.run": "Ran the entry of the schedule “{entry}” now.",
    "reissue.done": "{cents} was taken back at Stripe, and {billed_cents} of it is billed again.",
    "reissue.planned": "{cents} is to be taken back at Stripe and billed again.",
    "reissue.refused": "It could not be taken back and billed again: {why}",
    "service.attached": "Attached {quantity} of {price}, from {at}.",
    "service.changed": "Changed the quantity from {from} to {to}, at {at}.",
    "service.detached": "Detached at {at}.",
    "session.ended": "Signed out of {device}[, {address}].",
    "session.opened": "Signed in with {method}[ and {factor}] on {device}[, from {address}].",
    "session.proof_refused": (
        "Entered a wrong password to confirm their identity[, from {address}]."
    ),
    "session.proved": "Confirmed their identity with {method}.",
    "session.refused": "A wrong password was entered on {device}[, from {address}]"
    "[, for {email}, who has no account].",
    "sessions.ended": "Signed out everywhere: {sessions} sessions ended.",
    "spend.exported": "Downloaded the spend by {by}, range {range}.",
    "standing.moved": "The service standing went from {from} to {to}[; {cents} was past due].",
    "standing.overridden": "Set the service standing to {standing} until {until}; it was {before}.",
    "standing.override_ended": "Let the rules decide on the service standing again, instead of "
    "{standing}.",
    "standing.override_over": "The service standing {standing} set by hand ended, at {until}.",
    "standing_rules.set": "Changed the rules of service standing to: {after}. Before: {before}.",
    "sync.given_up": "Gave up on the sync: {error}.",
    "token.created": "Created the API token “{name}” for {scopes}[, until {ends}].",
    "token.replaced": "Replaced the API token “{name}”; the old one works until {ends}.",
    "token.revoked": "Revoked the API token “{name}”.",
    "usage.canceled": "Canceled {records} records of {meter}: {quantity}, {cents}.",
    "usage.taken_off": "Took {records} records of {meter} off the bill: {quantity}, {cents}.",
}
_PART = re.compile(r"\[([^\]]*)\]")
_NAME = re.compile(r"\{(\w+)\}")
_WORDS: dict[str, Mapping[str, str]] = {
    "method": METHODS, "factor": FACTORS, "purpose": FOR_WHAT_WITHIN,
}  # fmt: skip
_INSTANTS = {"at", "ends", "effective_at", "until", "anchor_at", "begins_at", "ends_early_at"}


def sentence_of(line: AuditLine) -> str:
    """Return what an entry's facts say; those that no sentence is for are listed by name."""
    return sentence(line.entry.action, line.entry.facts, line.currency)


def sentence(action: str, facts: Mapping[str, Any], currency: str | None) -> str:
    """Return what the facts of an act say; `currency` is that of amounts which name none."""
    said = said_facts(facts, currency)
    found = fill(SENTENCES.get(action, ""), said)
    if found is not None:
        return found
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in said.items())


def said_facts(facts: Mapping[str, Any], currency: str | None) -> dict[str, str]:
    """Return the facts that are known as people write them."""
    known = {name: value for name, value in facts.items() if value not in (None, [], {})}
    currency = known.get("currency") or currency
    return {name: fact_in_words(name, value, currency) for name, value in known.items()}


def fill(pattern: str, said: Mapping[str, str]) -> str | None:
    """Return the pattern with its facts, without the parts that lack one; None if it lacks one."""
    whole = _PART.sub(lambda part: part[1] if _is_known(part[1], said) else "", pattern)
    if not whole or not _is_known(whole, said):
        return None
    return _NAME.sub(lambda name: said[name[1]], whole)


def _is_known(pattern: str, said: Mapping[str, str]) -> bool:
    return said.keys() >= set(_NAME.findall(pattern))


def fact_in_words(name: str, value: Any, currency: str | None) -> str:
    """Return one fact of an entry as people write it."""
    if (name.endswith("cents") or name == "cents_before") and isinstance(value, int) and currency:
        return money(value, currency)
    if name == "currency":
        return str(value).upper()
    if name in _WORDS:
        return _WORDS[name].get(str(value), str(value))
    if name in _INSTANTS and isinstance(value, str):
        return _instant(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{one.replace('_', ' ')} {_part(said)}" for one, said in value.items())
    if isinstance(value, list):
        between = " to " if name == "role" else ", "
        return between.join(map(str, value))
    return str(value)


def _part(said: Any) -> str:
    return " ".join(map(str, said.values())) if isinstance(said, Mapping) else str(said)


def _instant(text: str) -> str:
    try:
        return instant(datetime.fromisoformat(text))
    except ValueError:
        return text
