"""What is said of a bill's payment: to the customer with the one thing to do, and to support.

One entry for each state that needs a word on top of the invoice; the others stand in its summary.
docs/payments.md is the same as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from dashboard.billing.declines import decline_of, decline_words
from dashboard.billing.payment_state import PaymentFacts, PaymentState
from dashboard.views.formatting import counted, day, instant, money, short_day

Tone = Literal["bad", "warn", "info"]
NOT_A_PAYER = "An owner or a billing member can {}."
NO_RETRIES = (
    "Stripe tries invoices like this one again only where the account retries one-off invoices. "
    "Where it does not, that was the last attempt: send the customer the link to the payment page."
)


class Said(NamedTuple):
    """What is said on top of an invoice. `button` is the one thing to do, on Stripe's own page.

    `support` is for our own people alone.
    """

    title: str
    text: str
    tone: Tone
    button: str | None = None
    support: str = ""


class Seen(NamedTuple):
    """The state, what it comes from, and who reads it when: `pays` if they may pay."""

    state: PaymentState
    facts: PaymentFacts
    currency: str
    now: datetime
    pays: bool = True
    has_page: bool = True

    def money(self, cents: int) -> str:
        """Return an amount of the invoice."""
        return money(cents, self.currency)

    @property
    def owed(self) -> str:
        """What is still to be paid."""
        return self.money(self.state.owed_cents)

    def can(self, what: str) -> str:
        """Return who can do it, for a reader who cannot; nothing for one who can."""
        return "" if self.pays else NOT_A_PAYER.format(what)


def said_of_payment(seen: Seen) -> Said | None:
    """Return what is said on top of an invoice; None where its summary says it all."""
    say = _SAY.get(seen.state.kind)
    if say is None:
        return None
    said = say(seen)
    if said is None:
        return None
    is_for_reader = seen.pays and seen.has_page
    return said if is_for_reader else said._replace(button=None)


def decline_for_support(code: str | None) -> str:
    """Return what a decline code means, for our own people; nothing without one."""
    if code is None:
        return ""
    decline = decline_of(code)
    final = " The same card will not be accepted later." if decline.is_final else ""
    return f"Decline code {code}: {decline.means}{final}"


def _confirm(seen: Seen) -> Said:
    return Said(
        f"The bank wants the payment of {seen.owed} confirmed",
        _join("The card is good, but nothing is paid until the cardholder confirms.",
              _partly(seen), seen.can("confirm it")),
        "bad", "Confirm the payment",
        _join("No attempt of ours or Stripe's can confirm it. Send the customer the payment page.",
              _attempts(seen)),
    )  # fmt: skip


def _uncharged(seen: Seen) -> Said:
    return Said(
        f"{seen.owed} is not paid",
        _join("It is no longer charged automatically.", _partly(seen),
              "Pay it on its own page." if seen.pays else seen.can("pay it")),
        "bad", f"Pay {seen.owed} now",
        "Its customer was deleted at Stripe, so Stripe charges no one for it. Send the customer "
        "the link to the payment page.",
    )  # fmt: skip


def _past_due(seen: Seen) -> Said:
    facts, days = seen.facts, seen.state.days_late(seen.now)
    if facts.due_at is None:
        return _uncharged(seen)
    since = short_day(facts.due_at, seen.now)
    return Said(
        f"{seen.owed} has been past due since {since}",
        _join(f"It was due on {day(facts.due_at)}, {_ago(days)}.", _partly(seen),
              _failed(seen) if facts.failure else seen.can("pay it")),
        "bad", f"Pay {seen.owed} now",
        _join(_told_support(seen) if facts.failure else
              "It was sent, so Stripe charges no card. A reminder with the link helps."),
    )  # fmt: skip


def _declined(seen: Seen) -> Said:
    at = seen.facts.failed_at
    when = f" on {short_day(at, seen.now)}" if at else ""
    return Said(
        f"The payment of {seen.owed} was declined{when}",
        _join(_partly(seen), _failed(seen)),
        "bad", f"Pay {seen.owed} now", _told_support(seen),
    )  # fmt: skip


def _partly_paid(seen: Seen) -> Said:
    by = f" by {day(seen.facts.due_at)}" if seen.facts.due_at else ""
    return Said(
        f"{seen.owed} is still to be paid{by}",
        _join(_partly(seen), seen.can("pay the rest")),
        "info", f"Pay {seen.owed}",
        "Part of it was paid. Stripe keeps it open until the rest is paid or credited. It cannot "
        "be void.",
    )  # fmt: skip


def _due_soon(seen: Seen) -> Said:
    due_at = seen.facts.due_at or seen.now
    days = (due_at.date() - seen.now.date()).days
    when = "today" if days <= 0 else "tomorrow" if days == 1 else f"in {counted(days, 'day')}"
    return Said(
        f"{seen.owed} is due {when}",
        _join(f"Pay it by {day(due_at)}." if seen.pays else seen.can(f"pay it by {day(due_at)}")),
        "info", f"Pay {seen.owed}",
    )  # fmt: skip


def _unpaid_again(seen: Seen) -> Said:
    return Said(
        f"{seen.owed} is to be paid again",
        _join("This invoice was paid, and the payment was taken back.", seen.can("pay it")),
        "bad", f"Pay {seen.owed} now",
        "Stripe says that it is open again. The ledger keeps it as paid and on hold until a person "
        "checks which payment was removed there.",
    )  # fmt: skip


def _uncollectible(seen: Seen) -> Said | None:
    if not seen.state.owed_cents:
        return None
    return Said(
        f"{seen.owed} was not paid",
        _join("We no longer try to collect it. It can still be paid on its own page.",
              seen.can("pay it")),
        "warn", f"Pay {seen.owed}",
        _join("It is uncollectible: Stripe makes no further attempt.", _attempts(seen),
              decline_for_support(seen.facts.decline_code)),
    )  # fmt: skip


def _disputed(seen: Seen) -> Said:
    return Said(
        f"{seen.money(seen.facts.disputed_cents)} of the payment is disputed",
        "Your bank asks for it back. There is nothing to pay while the bank decides. If it was not "
        "meant, ask your bank to withdraw the dispute.",
        "warn",
    )


def _charged_back(seen: Seen) -> Said:
    back = seen.money(seen.facts.charged_back_cents)
    return Said(
        f"The bank returned {back} of the payment",
        "The payment was disputed and went back to you. Contact us to pay it another way.",
        "warn", None,
        f"The dispute was lost, and {back} is no longer ours. Stripe still calls the invoice paid "
        "and asks no one for it. Appeal at Stripe where that is offered, bill it again as a "
        "charge, or leave it.",
    )  # fmt: skip


_SAY: Mapping[str, Callable[[Seen], Said | None]] = {
    "confirm": _confirm,
    "past_due": _past_due,
    "declined": _declined,
    "partly_paid": _partly_paid,
    "due_soon": _due_soon,
    "unpaid_again": _unpaid_again,
    "uncollectible": _uncollectible,
    "disputed": _disputed,
    "charged_back": _charged_back,
}


def _failed(seen: Seen) -> str:
    why = decline_words(seen.facts.decline_code, seen.facts.failure)
    return _join(why, _again(seen), _ways(seen))


def _again(seen: Seen) -> str:
    if seen.facts.is_off_portal:
        return "It is not tried again automatically."
    if seen.state.next_attempt_at:
        return f"Stripe tries again on {instant(seen.state.next_attempt_at)}."
    return "Stripe has not announced another attempt."


def _ways(seen: Seen) -> str:
    if not seen.pays:
        return seen.can("pay it")
    if seen.facts.is_off_portal:
        return "Pay it on its own page."
    code = seen.facts.decline_code
    helps = decline_of(code).helps if code else ""
    if seen.state.next_attempt_at:
        return _join(helps, "To change the payment method first, use “Manage payment at Stripe”.")
    return _join(helps, "Change the payment method with “Manage payment at Stripe”, or pay the "
                 "invoice on its own page there.")  # fmt: skip


def _told_support(seen: Seen) -> str:
    is_last = seen.state.next_attempt_at is None and not seen.facts.is_off_portal
    return _join(
        _attempts(seen),
        decline_for_support(seen.facts.decline_code),
        NO_RETRIES if is_last and seen.facts.due_at is None else "",
    )


def _attempts(seen: Seen) -> str:
    number = seen.facts.attempts
    return f"{counted(number, 'attempt')} failed so far." if number else ""


def _partly(seen: Seen) -> str:
    paid = seen.facts.paid_cents
    if not paid:
        return ""
    return f"{seen.money(paid)} of {seen.money(paid + seen.state.owed_cents)} is paid."


def _ago(days: int) -> str:
    return f"{counted(days, 'day')} ago" if days else "less than a day ago"


def _join(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
