"""What a timeline says of an act on record: the thing by its name, then what was done to it."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import url_for

from dashboard.audit.actor import STRIPE, SYSTEM
from dashboard.reading.timeline.happening import Entry
from dashboard.views.audit_words import fill, said_facts, sentence
from dashboard.views.formatting import money, signed
from dashboard.views.timeline_said import Said, Where


class Telling(NamedTuple):
    """How an act is told: a drawing, a sentence and a note; parts in brackets may be left out."""

    icon: str
    says: str
    note: str = ""
    tone: str = ""


# Beside the facts on record: {invoice} and {service} by name, {charge} for a charge or a credit,
# {amount} without its sign.
TELLINGS = {
    "adjustment.added": Telling("plus", "{charge} of {amount}: “{description}”"),
    "adjustment.reversed": Telling("roll", "{charge} of {amount} reverses “{reversed}”"),
    "budget.removed": Telling("gauge", "Budget of {cents_before} removed"),
    "budget.set": Telling("gauge", "Budget set to {cents}", "[it was {cents_before}]"),
    "credit_note.issued": Telling("card", "Credit note of {cents}", "issued at Stripe"),
    "credit_note.planned": Telling("card", "Credit note of {cents} planned"),
    "credit_note.refused": Telling("card", "Credit note of {cents} refused", "{why}", "bad"),
    "credit_note.void_asked": Telling("card", "Credit note of {cents} to be voided"),
    "credit_note.void_refused": Telling(
        "card", "Credit note of {cents} not voided", "{why}", "bad"
    ),
    "credit_note.voided": Telling("card", "Credit note of {cents} voided"),
    "credit_note.told": Telling("invoice", "Credit note of {amount_cents}", "{status} at Stripe"),
    "customer.changed_at_stripe": Telling(
        "differs", "Customer changed at Stripe", "{after} instead of {before}", "notice"
    ),
    "customer.view_ended": Telling("eye", "View as the customer ended"),
    "customer.viewed": Telling("eye", "Viewed as the customer"),
    "dispute.settled": Telling("card", "Lost dispute over {cents} settled"),
    "dispute.told": Telling("alert", "Dispute over {amount_cents}", "{status} at Stripe", "bad"),
    "invitation.accepted": Telling("people", "{email} accepted the invitation"),
    "invitation.created": Telling("people", "{email} invited[ as {role}]"),
    "invitation.withdrawn": Telling("people", "Invitation of {email} withdrawn"),
    "invoice.closed": Telling("clock", "Cycle ended: {invoice} is closing", "{total_cents} so far"),
    "invoice.deleted_at_stripe": Telling(
        "differs", "Draft of {invoice} deleted at Stripe", "", "notice"
    ),
    "invoice.difference_carried": Telling(
        "roll", "{cents} billed {much} on {invoice} carried to the next bill"
    ),
    "invoice.difference_credited": Telling(
        "card", "{cents} billed {much} on {invoice} is being credited"
    ),
    "invoice.credits_carried": Telling(
        "roll", "Credits of {cents} carried past {invoice}", "a taxed bill is never below zero"
    ),
    "invoice.difference_left": Telling("check", "{cents} billed {much} on {invoice} left as it is"),
    "invoice.finalized_at_stripe": Telling(
        "differs",
        "Stripe issued {invoice} before the ledger did",
        "{billed_cents} billed, {carried_cents} carried over",
        "notice",
    ),
    "invoice.approved": Telling("check", "{invoice} approved at {cents}"),
    "invoice.held": Telling("pause", "{invoice} on hold", "{reason}", "bad"),
    "invoice.issue_held": Telling("pause", "{invoice} held by a person", "", "notice"),
    "invoice.issue_released": Telling("check", "{invoice} released by a person"),
    "invoice.released": Telling("check", "{invoice} released"),
    "invoice.replaced_at_stripe": Telling(
        "differs",
        "{invoice} edited at Stripe",
        "asks for {asks_cents}; the ledger says {ledger_cents}",
        "notice",
    ),
    "invoice.claimed": Telling("invoice", "{invoice} goes onto {stripe_id} of {subscription}"),
    "invoice.goes_alone": Telling("invoice", "{invoice} goes on an invoice of its own", "{why}"),
    "invoice.rolled": Telling("roll", "{invoice} closed early at {total_cents}"),
    "invoice.sealed": Telling("lock", "{invoice} sealed at {total_cents}"),
    "membership.changed": Telling("people", "{email} has another role[: {role}]"),
    "membership.created": Telling("people", "{email} sees the organization[, as {role}]"),
    "membership.ended": Telling("people", "{email} was removed from the organization"),
    "note.pinned": Telling("pencil", "Note pinned"),
    "note.unpinned": Telling("pencil", "Note unpinned"),
    "organization.created": Telling("building", "Organization created"),
    "organization.cycle_changed": Telling(
        "roll",
        "Cycles are {every} in {zone}, counted from {anchor_at}",
        "before, {every_before} in {zone_before}",
    ),
    "invoice.tax_waived": Telling("check", "Goes without tax"),
    "organization.tax_switched_off": Telling("check", "Automatic tax switched off"),
    "organization.tax_switched_on": Telling("check", "Automatic tax switched on"),
    "organization.linked": Telling("roll", "Billed with {subscription}"),
    "organization.unlinked": Telling("roll", "No longer billed with {subscription}"),
    "proposal.approved": Telling(
        "people", "{what} of {amount} approved", "proposed by {proposed_by}"
    ),
    "proposal.expired": Telling("clock", "Proposed {what} of {amount} expired"),
    "proposal.made": Telling("people", "{what} of {amount} proposed", "[“{description}”]"),
    "proposal.moot": Telling("dash", "Proposed {what} of {amount} ended without approval", "{why}"),
    "proposal.refused": Telling("cross", "{what} of {amount} refused", "proposed by {proposed_by}"),
    "proposal.withdrawn": Telling("dash", "Proposed {what} of {amount} withdrawn"),
    "refund.made": Telling("card", "Refund of {cents}", "{purpose}, {status} at Stripe"),
    "refund.planned": Telling("card", "Refund of {cents} planned", "{purpose}"),
    "refund.refused": Telling("card", "Refund of {cents} not made", "{why}", "bad"),
    "refund.settled": Telling("card", "Refund of {cents} that failed is settled"),
    "refund.told": Telling("card", "Refund of {amount_cents}", "{status} at Stripe"),
    "reissue.done": Telling("roll", "{invoice} taken back", "{billed_cents} of it billed again"),
    "reissue.planned": Telling("roll", "{invoice} to be taken back and billed again"),
    "reissue.refused": Telling("roll", "{invoice} not taken back", "{why}", "bad"),
    "service.attached": Telling("plus", "{service} attached", "{quantity} from {at}"),
    "service.changed": Telling("pencil", "{service}: {from} to {to}", "from {at}"),
    "service.detached": Telling("dash", "{service} detached", "at {at}"),
    "sync.given_up": Telling("alert", "Sync of {invoice} given up", "{error}", "bad"),
    "usage.canceled": Telling(
        "dash", "{records} usage records of {meter} canceled", "{quantity}, {cents}"
    ),
    "usage.taken_off": Telling(
        "dash", "{records} usage records of {meter} taken off the bill", "{quantity}, {cents}"
    ),
}
DECIDED = {
    "take_ours": "Line added at Stripe is removed",
    "adopt": "Line added at Stripe is adopted",
    "leave": "Line added at Stripe is left for now",
}


def say_act(entry: Entry, where: Where) -> Said:
    """Return what an act on record says, to whom it is shown."""
    names = said_facts(entry.facts, entry.currency) | _names(entry)
    telling = _telling(entry)
    says = fill(telling.says, names)
    if says is None:
        says = sentence(entry.action, entry.facts, entry.currency).rstrip(".") or entry.action
        telling = telling._replace(note="")
    return Said(
        telling.icon,
        says[:1].upper() + says[1:],
        note=_note(fill(telling.note, names) or "", entry),
        reason=entry.reason if where.for_staff else None,
        by=_by(entry, for_staff=where.for_staff),
        address=_address(entry, where.slug),
        tone=telling.tone,
    )


def _note(note: str, entry: Entry) -> str:
    """Return a note with what the act did to the bill."""
    if not entry.moved_cents:
        return note
    return ", ".join(filter(None, (signed(entry.moved_cents, entry.currency), note)))


def _telling(entry: Entry) -> Telling:
    if entry.action == "foreign_line.decided":
        says = DECIDED.get(str(entry.facts.get("decision")), "Line added at Stripe")
        return Telling("differs", says, "“{description}”, {amount_cents}")
    return TELLINGS.get(entry.action, Telling("dot", ""))


def _names(entry: Entry) -> dict[str, str]:
    """Return what an act is told with beside its facts."""
    names: dict[str, str] = {}
    if entry.sequence is not None:
        names["invoice"] = f"invoice {entry.number or entry.sequence}"
    if entry.service_label is not None:
        price = entry.price_name or ""
        is_named = not price or price in entry.service_label
        names["service"] = entry.service_label if is_named else f"{price} {entry.service_label}"
    cents: Any = entry.facts.get("cents")
    if isinstance(cents, int):
        names["charge"] = "Credit" if cents < 0 else "Charge"
        names["amount"] = money(abs(cents), entry.facts.get("currency") or entry.currency)
    return names


def _by(entry: Entry, *, for_staff: bool) -> str:
    """Return who did it; customers are not told which of us did."""
    if entry.actor_kind == SYSTEM.kind:
        return ""
    if entry.actor_kind == STRIPE.kind:
        return "Stripe"
    if for_staff:
        return entry.actor_label
    if entry.member is not None:
        return entry.member
    return "API" if entry.actor_kind == "token" else "Billing team"


def _address(entry: Entry, slug: str) -> str | None:
    """Return where what an act is about is shown."""
    if entry.action.startswith("proposal.") and entry.subject_id:
        return url_for("proposals.show", slug=slug, proposal_id=entry.subject_id)
    if entry.sequence is not None:
        return url_for("invoices.show", slug=slug, sequence=entry.sequence)
    noun = entry.action.partition(".")[0]
    endpoint = {"adjustment": "adjustments.index", "service": "services.index",
                "usage": "usage.show", "budget": "budgets.show",
                "organization": "organizations.details"}.get(noun)  # fmt: skip
    return url_for(endpoint, slug=slug) if endpoint else None
