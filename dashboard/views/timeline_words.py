"""What each row of a timeline says: one sentence, what else there is, and where it leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for

from dashboard.billing.declines import decline_words
from dashboard.reading.timeline.happening import (
    Alert,
    Counted,
    Event,
    Happening,
    Milestone,
    Note,
    Run,
    Unusual,
)
from dashboard.sync.models import ACTIVE
from dashboard.views.formatting import counted, day, lasting, money, signed
from dashboard.views.timeline_acts import say_act
from dashboard.views.timeline_said import Said, Where

TRIGGERS = {
    "scheduled": "", "support": "", "api": "", "final": "before issue",
    "portal": "the customer opened Stripe", "event": "after an event of Stripe",
}  # fmt: skip
# Of the prices that were used in an hour.
MOST_NAMED = 3
STANDS = {"queued": "waits", "running": "is in progress", "retrying": "is tried again"}


def said_of(one: Happening, where: Where) -> Said:
    """Return what a row says to who reads it."""
    return _SAY[one.source](one.told, where)


def _milestone(told: Milestone, where: Where) -> Said:
    called = told.number or told.sequence
    invoice = f"Invoice {called}"
    total = money(told.total_cents, told.currency)
    address = url_for("invoices.show", slug=where.slug, sequence=told.sequence)
    if told.step == "paid":
        if told.total_cents < 0:
            to_balance = f"{money(-told.total_cents, told.currency)} went to the balance at Stripe"
            return Said("settled", f"{invoice}: nothing to pay", note=to_balance, address=address,
                        tone="ok")  # fmt: skip
        paid = told.total_cents if told.paid_cents is None else told.paid_cents
        return Said("settled", f"{invoice} paid, {money(paid, told.currency)}",
                    address=address, tone="ok")  # fmt: skip
    if told.step == "declined":
        note = decline_words(told.decline_code, told.failure)
        return Said("card-off", f"Payment of invoice {called} declined", note=note,
                    address=address, tone="bad")  # fmt: skip
    if told.step == "confirm":
        return Said("card", f"Payment of invoice {called} must be confirmed",
                    note="by the cardholder, on its page at Stripe", address=address,
                    tone="bad")  # fmt: skip
    icon, says = {
        "issued": ("invoice", f"{invoice} issued, {total}"),
        "void": ("cross", f"{invoice} is void, {total}"),
        "uncollectible": ("cross", f"{invoice} is uncollectible, {total}"),
    }[told.step]
    return Said(icon, says, address=address)


def _run(told: Run, where: Where) -> Said:
    address = url_for("sync_runs.show", slug=where.slug, run_id=told.id)
    by = told.actor_label if told.actor_kind in ("user", "token") else ""
    name = "Check" if told.verify else "Sync"
    why = TRIGGERS.get(told.trigger, "")
    if told.state in ACTIVE:
        return Said("sync", f"{name} {STANDS[told.state]}", note=told.error or why, by=by,
                    address=address)  # fmt: skip
    if told.state == "failed":
        return Said("alert", f"{name} failed", note=told.error or why, by=by, address=address,
                    tone="bad")  # fmt: skip
    if told.found:
        return Said("differs", _found(told), note=_differs(told), by=by, address=address,
                    tone="bad" if _is_added(told) else "notice")  # fmt: skip
    if told.sent:
        changes = f"{told.sent} change{'s' if told.sent != 1 else ''}"
        equal = "" if told.is_apart else ", totals equal"
        return Said("sync", f"{name} sent {changes}{equal}", note=_totals(told), by=by,
                    address=address)  # fmt: skip
    says = "Check found nothing that differs" if told.verify else "Sync had nothing to send"
    return Said("equal", says, note=why, by=by, address=address)


def _is_added(told: Run) -> bool:
    return (told.first_found or {}).get("state") == "foreign"


def _found(told: Run) -> str:
    if told.found == 1 and _is_added(told):
        return "Check found a line added at Stripe"
    return f"Check found {told.found} line{'s' if told.found != 1 else ''} that differed"


def _differs(told: Run) -> str:
    line = (told.first_found or {}).get("theirs") or (told.first_found or {}).get("ours") or {}
    if not line:
        return ""
    amount = money(line["amount_cents"], told.currency)
    more = f" and {told.found - 1} more" if told.found > 1 else ""
    return f"“{line['description']}”, {amount}{more}"


def _totals(told: Run) -> str:
    if told.cents_after is None:
        return ""
    moved = signed(told.cents_after - (told.cents_before or 0), told.currency)
    total = money(told.cents_after, told.currency)
    if told.is_apart:
        return f"{moved}, {total} at Stripe with a line we did not send"
    return f"{moved}, both {total}"


def _event(told: Event, _where: Where) -> Said:
    seconds = (told.at - told.created_at).total_seconds()
    seen = f"seen in {lasting(seconds)}" if seconds >= 1 else ""
    is_bad = told.state in ("dead", "failed")
    note = (told.error or "It failed.") if is_bad else told.result or "waits to be processed"
    return Said("inbox", "Stripe:", code=told.type, note=" · ".join(filter(None, (note, seen))),
                address=url_for("webhook_events.show", event_id=told.id),
                tone="bad" if is_bad else "")  # fmt: skip


def _alert(told: Alert, where: Where) -> Said:
    budget = money(told.budget_cents, told.currency)
    at = money(told.cents, told.currency)
    if told.kind == "forecast":
        when = f" on {day(told.crosses_at)}" if told.crosses_at else ""
        says, note = f"Budget of {budget} will likely be crossed{when}", f"forecast {at}"
    else:
        says, note = f"{told.percent}% of the budget of {budget} used", at
    return Said("gauge", says, note=_with_mails(note, told, where),
                address=url_for("budgets.show", slug=where.slug), tone="notice")  # fmt: skip


def _unusual(told: Unusual, where: Where) -> Said:
    usual = f"{money(told.cents, told.currency)}, usually {money(told.habit_cents, told.currency)}"
    is_news = told.service_label and told.service_label != told.product
    most = f", most on {told.service_label}" if is_news else ""
    return Said("alert", f"Unusual usage of {told.product}",
                note=_with_mails(f"{usual}{most}", told, where),
                address=url_for("budgets.show", slug=where.slug), tone="notice")  # fmt: skip


def _note(told: Note, _where: Where) -> Said:
    says = "Pinned note" if told.is_pinned else "Note"
    pins = None if told.is_pinned else told.id
    return Said("pencil", says, reason=told.text, by=told.author, pins=pins)


def _usage(told: Sequence[Counted], where: Where) -> Said:
    """One hour: the sum, and what moved the bill the most."""
    currency = told[0].currency
    largest = sorted(told, key=lambda one: (-abs(one.cents), one.name))
    parts = [f"{one.name} {_moved(one)}" for one in largest[:MOST_NAMED]]
    if len(largest) > MOST_NAMED:
        parts.append(f"{len(largest) - MOST_NAMED} more")
    total = sum(one.cents for one in told)
    says = "Usage counted" + (f", {signed(total, currency)}" if total else "")
    return Said("gauge", says, note=", ".join(parts),
                address=url_for("usage.show", slug=where.slug))  # fmt: skip


def _moved(one: Counted) -> str:
    """Return what was counted of a price: its amount, or its units where they cost nothing more."""
    return signed(one.cents, one.currency) if one.cents else counted(one.quantity, one.unit_label)


def _with_mails(note: str, told: Alert | Unusual, where: Where) -> str:
    """Return a note with who was mailed; other members' addresses are for staff."""
    said = [note]
    if told.mailed:
        who = ", ".join(told.mailed) if where.for_staff else "those who get its e-mails"
        said.append(f"mailed to {who}")
    if told.unsent and where.for_staff:
        said.append(f"not sent yet to {', '.join(told.unsent)}")
    return "; ".join(said)


_SAY: dict[str, Callable[[Any, Where], Said]] = {
    "entries": say_act,
    "milestones": _milestone,
    "runs": _run,
    "events": _event,
    "alerts": _alert,
    "unusual": _unusual,
    "notes": _note,
    "usage": _usage,
}
