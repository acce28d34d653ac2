"""What a mail about a bill tells, in words: text and HTML are both made of it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from dashboard.pricing.exact import major_text
from dashboard.text import printable

# Of a name, in a subject: what is longer is cut by programs anyway, with the amount after it.
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Told:
    """The words of a mail, one line each; `link` and `at_stripe` are addresses with their names."""

    subject: str
    heading: str
    sentences: Sequence[str]
    rows: Sequence[Sequence[str]]
    link: Sequence[str]
    at_stripe: Sequence[str] | None = None

    def __post_init__(self) -> None:
        # Names and memos are other people's: a line break in one would forge a header or a line.
        for name in ("subject", "heading"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        object.__setattr__(self, "sentences", [one_line(one) for one in self.sentences])
        object.__setattr__(self, "rows", [[one_line(one) for one in row] for row in self.rows])

    def as_kept(self) -> dict[str, Any]:
        """Return it as it is kept with a mail that was sent."""
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Return what was kept."""
        return cls(**{name: kept[name] for name in cls.__dataclass_fields__})


def one_line(text: str) -> str:
    """Return a text in one line of what can be shown."""
    return " ".join(printable(text).split())


def short(name: str) -> str:
    """Return the name of an organization for a subject, in one line and not too long."""
    line = one_line(name)
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"


def amount(cents: int | None, currency: str) -> str:
    """Return minor units as people write them."""
    return major_text(Decimal(cents or 0), currency)


def day(at: date | datetime) -> str:
    """Return a day as 22 Nov 2026, of an instant that in UTC."""
    if isinstance(at, datetime):
        at = at.astimezone(UTC)
    return f"{at:%-d %b %Y}"


def days(start: datetime, end: datetime) -> str:
    """Return a half-open period by its first and last day."""
    last = end - timedelta(microseconds=1)
    first_day, last_day = day(start), day(last)
    return first_day if first_day == last_day else f"{first_day} to {last_day}"


def card_words(card: Mapping[str, Any] | None) -> str | None:
    """Return what a card is recognized by: Visa ending 4242; None where none is known."""
    if not card or not card.get("last4"):
        return None
    return f"{str(card.get('brand') or 'card').capitalize()} ending {card['last4']}"
