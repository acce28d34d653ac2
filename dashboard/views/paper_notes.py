"""What a document says below its lines: its credit notes, and how usage is priced."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from dashboard.reading.items import BilledItems
from dashboard.views.formatting import counted, day, money

# A document with more kinds of usage than this tells the first ones.
MOST_NOTES = 12


class Credit(Protocol):
    """A credit note of the invoice, in minor units of its currency."""

    @property
    def number(self) -> str | None: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def amount_cents(self) -> int: ...
    @property
    def post_payment_cents(self) -> int: ...
    @property
    def balance_cents(self) -> int: ...


def notes_of_credits(credits_since: Iterable[Credit], currency: str) -> list[str]:
    """Return a sentence for each credit note: what it took off, and where what was paid went."""
    return [_note_of_credit(one, currency) for one in credits_since]


def _note_of_credit(credit: Credit, currency: str) -> str:
    called = f"Credit note {credit.number}" if credit.number else "A credit note"
    said = f"{called} of {day(credit.made_at)} takes off {money(credit.amount_cents, currency)}"
    returned = credit.post_payment_cents - credit.balance_cents
    ways = [
        f"{money(cents, currency)} {where}"
        for cents, where in ((returned, "returned"), (credit.balance_cents, "on the balance"))
        if cents > 0
    ]
    return f"{said}: {' and '.join(ways)}." if ways else f"{said}."


def notes_of(found: BilledItems) -> list[str]:
    """Return a sentence for what is included in all, and one for each price by tier."""
    named = {item.price_version_id: item.price_name or "" for item in found.items}
    priced = [(named.get(number, ""), one.terms) for number, one in found.versions.items()]
    included = [
        f"{counted(one.allowance, one.unit_label)} of {name}"
        for name, one in priced
        if one.allowance
    ]
    notes = ["Usage is counted in UTC." if priced else ""]
    if included:
        notes[0] += f" Included amounts are taken off first: {', '.join(included[:MOST_NOTES])}."
    notes += [one.priced.tier_words(name, one) for name, one in priced]
    return [note for note in notes if note][:MOST_NOTES]
