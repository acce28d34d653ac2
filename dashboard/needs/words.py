"""Why a thing needs a person, in one sentence or two, from its facts alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dashboard.approvals.models import noun_of
from dashboard.budgets.habit import times_of

Facts = Mapping[str, Any]
# Why a refund came back, as Stripe calls it.
_FAILED = {
    "charge_for_pending_refund_disputed": ", as the bank asked the payment back itself",
    "declined": ", as the bank declined it",
    "expired_or_canceled_card": ": the card has expired or was canceled",
    "insufficient_funds": ", as the balance at Stripe was too low",
    "lost_or_stolen_card": ": the card was lost or stolen",
}
UNTITLED = "a line without a description"


def on_hold(facts: Facts) -> str:
    """Return why an invoice is held back."""
    return _first(facts.get("reason") or "On hold until a person decides.")


def untaxable(facts: Facts) -> str:
    """Return why Stripe cannot work out the tax of a draft."""
    if facts.get("status") == "failed":
        return "Stripe could not work out its tax. It is held at its end unless that passes."
    return "Stripe cannot tell from the address which tax applies. It is held at its end."


def past_due(facts: Facts) -> str:
    """Return since when it is to be paid, and what Stripe tries."""
    said = f"Due {_day(facts['due_at'])} and not paid."
    failure = facts.get("failure")
    return f"{said} {_first(failure)} {_next_try(facts)}" if failure else said


def declined(facts: Facts) -> str:
    """Return what the bank says, and when the next try is."""
    return f"{_first(facts.get('failure') or 'The payment failed.')} {_next_try(facts)}"


def disputed(facts: Facts) -> str:
    """Return until when the bank needs an answer."""
    at = facts["answer_by"]
    called = facts.get("number") or facts["sequence"]
    by = f"{_day(at)}, {_instant(at):%H:%M} UTC"
    return f"The bank asks the payment of invoice {called} back. Answer at Stripe by {by}."


def failing(facts: Facts) -> str:
    """Return why its syncs fail, and how often they did."""
    said = _first(facts.get("error") or "Its latest sync says why.")
    return f"{said} {facts['failures']} syncs failed."


def differing(facts: Facts) -> str:
    """Return which lines are not ours."""
    lines, named = facts["lines"], facts.get("description")
    called = f"“{named}”" if named else UNTITLED
    if lines == 1:
        return f"A line we did not send: {called}."
    return f"{lines} lines we did not send, among them {called}."


def left(facts: Facts) -> str:
    """Return what such lines hold up."""
    if facts["lines"] == 1:
        return "A line added at Stripe was left there. The invoice is on hold until it goes."
    return (
        f"{facts['lines']} lines added at Stripe were left there. The invoice is on hold until "
        "they are removed."
    )


def void(facts: Facts) -> str:
    """Return what is to be decided on a void invoice."""
    called = facts.get("number") or facts["sequence"]
    return f"Invoice {called} is void and billed nothing. Bill it again, or write it off."


def credit_note(facts: Facts) -> str:
    """Return why a credit note was refused, or that it is not issued, or voided, yet."""
    called, error = facts.get("number") or facts["sequence"], facts.get("error")
    if error:
        return f"Stripe refused a credit note of invoice {called}: {_first(error)}"
    what = "voided" if facts.get("is_void") else "issued"
    return f"A credit note of invoice {called} is not {what} yet. Stripe may not be answering."


def reissue(facts: Facts) -> str:
    """Return why an invoice could not be taken back, or that it is not yet."""
    called, error = facts.get("number") or facts["sequence"], facts.get("error")
    if error:
        return f"Invoice {called} could not be reissued: {_first(error)}"
    return f"Invoice {called} is not voided yet, to be reissued. Stripe may not be answering."


def refund(facts: Facts) -> str:
    """Return why a refund was not made, or that it is not yet."""
    called, error = facts.get("number") or facts["sequence"], facts.get("error")
    if error:
        return f"A refund of invoice {called} was not made: {_first(error)}"
    return f"A refund of invoice {called} is not made yet. Stripe may not be answering."


def failed_refund(facts: Facts) -> str:
    """Return what became of a refund, and what is to be done."""
    called = facts.get("number") or facts["sequence"]
    if facts["status"] == "canceled":
        what = f"A refund of invoice {called} was canceled at Stripe."
    else:
        reason = str(facts.get("reason") or "")
        what = f"A refund of invoice {called} failed{_FAILED.get(reason, '')}."
    return f"{what} The customer did not get it: refund it again, or settle it in another way."


def lost_dispute(facts: Facts) -> str:
    """Return what a bank took back, and what can be done about it."""
    called = facts.get("number") or facts["sequence"]
    return (
        f"A dispute over invoice {called} was lost, and Stripe asks no one for it. Appeal there, "
        "charge it again, or settle it."
    )


def dead(facts: Facts) -> str:
    """Return what an event is, and why it was given up."""
    said = f"{facts['type']} failed {_times(facts['attempts'])}"
    error = facts.get("error")
    return f"{said}: {_first(error)}" if error else f"{said}."


def unusual(facts: Facts) -> str:
    """Return what costs how many times its habit, since when, and where most of it is."""
    times = times_of(facts["cents"], facts["habit_cents"])
    since = f"{datetime.fromisoformat(facts['began_on']):%-d %b}"
    service = facts.get("service")
    is_news = service and service != facts["product"]
    where = f", most of it on “{service}”" if is_news else ""
    return f"{facts['product']} at {times} times its habit since {since}{where}."


def approval(facts: Facts) -> str:
    """Return who proposed what, and until when a second person can decide."""
    what = noun_of(facts["kind"], facts["decision"], facts["cents"])
    said = facts.get("description")
    called = f": “{said}”" if said else ""
    ends = f"{_day(facts['ends_at'])}, {_instant(facts['ends_at']):%H:%M} UTC"
    return f"{facts['proposed_by']} proposed a {what}{called}. A second person decides by {ends}."


def sums(facts: Facts) -> str:
    """Return what does not hold of an organization, by its first example."""
    more = facts["places"] - 1
    others = f" And in {more} more." if more else ""
    return f"{facts['example']}{others}"


def gap(facts: Facts) -> str:
    """Return what only one of Stripe and the ledger knows."""
    return str(facts["told"])


def restored(facts: Facts) -> str:
    """Return why nothing is closed and sent."""
    return f"{facts['told']} Nothing is closed or sent to Stripe until the ledger is released."


def refused_address(facts: Facts) -> str:
    """Return which billing e-mail was refused, and what the server said."""
    return f"No e-mails about bills go to {facts['email']}. {_first(facts['reason'])}"


def endpoint_off(facts: Facts) -> str:
    """Return which endpoint of outgoing events is off, and why."""
    return f"No events are sent to {facts['label']}. {facts['why']}"


def late(facts: Facts) -> str:
    """Return what part of the machine stands still; whoever found it words it."""
    return str(facts["why"])


def _first(text: str) -> str:
    """Return the first sentence of a text, ended as one."""
    sentence = text.strip().split(". ", 1)[0].rstrip(".")
    return f"{sentence}."


def _next_try(facts: Facts) -> str:
    at = facts.get("next_at")
    if at is None:
        return "Stripe has not announced another attempt."
    return f"Next attempt {_day(at)}, {_instant(at):%H:%M} UTC."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _day(text: str) -> str:
    return f"{_instant(text):%-d %b}"


def _instant(text: str) -> datetime:
    # As the database wrote it, in whatever zone its session has.
    return datetime.fromisoformat(text).astimezone(UTC)
