"""The document of the worked stories, as it is written from their table."""

from __future__ import annotations

from typing import Any

from tests.stories.catalog import SOLD
from tests.stories.story import Bill, Story
from tests.stories.told import STORIES

HEAD = """\
# Worked stories

What is billed for what happens, worked out by hand. `tests/stories` lets each of these happen, to
the ledger and at the Stripe simulator, and compares every line, what was asked for, what was given
back and the balance in the end. The sums are exact and rounded once to the minor unit, half away
from zero. April has 30 days; each story begins on April 1st with a new organization. This page is
written from the table in `tests/stories/told.py` (`UPDATE_DOCS=1 pytest tests/stories`).
"""
SENTENCES = {
    "attach": "{1} × {0} attached",
    "quantity": "{0} is {1} from now on",
    "detach": "{0} ends",
    "usage": "{1} of {0}",
    "adjust": "“{0}”: {1}",
    "end": "The cycle ends; the bill is closed and issued",
    "cut": "The bill is cut here and issued",
    "pay": "Bill {0} is paid by card",
    "note": "A credit note of {2} on {1} of bill {0}",
    "void_note": "That note is void",
    "refund": "{1} of bill {0} refunded",
    "subscribe": "A subscription of {0} a month begins at Stripe, renews with the cycle, is linked",
    "coupon": "The subscription gets a coupon of {0} % at Stripe",
    "cancel_subscription": "The subscription is canceled at Stripe",
    "reissue": "Bill {0} is void and billed again",
}
# Which of a verb's arguments is an amount, in minor units.
AMOUNT_AT = {"adjust": 1, "note": 2, "refund": 1, "subscribe": 0}
BACK = {"refund": ", back to the card", "balance": ", to the balance"}


def document() -> str:
    """Return the whole of it."""
    told = (_story(number, one) for number, one in enumerate(STORIES, 1))
    return "\n".join([HEAD, *told])


def _story(number: int, story: Story) -> str:
    sold = [f"* {name}: {SOLD[name].words}" for name in story.sold]
    more = [f"* Its cycle is a {every}" for every in story.organization.values()]
    happens = [f"* {act[0]}: {_sentence(story, act)}." for act in story.happens]
    bills = [_bill(story, place, bill) for place, bill in enumerate(story.bills, 1)]
    balance = (
        [] if story.balance == "0" else [f"\nThe customer's balance is then {_sum(story.balance)}."]
    )
    head = [f"## {number}. {story.title}", "", *sold, *more, "", *happens, ""]
    table = ["| bill | lines | asked for | in the end |", "| --- | --- | --- | --- |", *bills]
    return "\n".join([*head, *table, *balance, ""])


def _sentence(story: Story, act: tuple[Any, ...]) -> str:
    _, verb, *arguments = act
    if (place := AMOUNT_AT.get(verb)) is not None:
        arguments[place] = _major(arguments[place], story.currency)
    told = SENTENCES[verb].format(*arguments)
    if verb == "note":
        return told + BACK.get(arguments[3] if len(arguments) > 3 else "", "")
    given = {"usage": 2, "detach": 1, "quantity": 2}.get(verb)
    since = arguments[given] if given is not None and len(arguments) > given else None
    return told if since is None else f"{told}{', of' if verb == 'usage' else ', as of'} {since}"


def _major(cents: int, currency: str) -> str:
    told = f"{cents:,} yen" if currency == "jpy" else f"{cents / 100:.2f}"
    return told.replace("-", "−")


def _bill(story: Story, number: int, bill: Bill) -> str:
    told_of = dict(bill.lines)
    if bill.theirs != "0":
        told_of["Of the subscription"] = bill.theirs
    lines = "<br>".join(f"{name}: {_sum(told)}" for name, told in told_of.items())
    end = [bill.status]
    end += [f"{bill.credited} credited"] * (bill.credited != "0")
    end += [f"{bill.refunded} refunded"] * (bill.refunded != "0")
    return f"| {number} | {lines or 'nothing'} | {_sum(bill.due)} | {', '.join(end)} |"


def _sum(told: str) -> str:
    return told.replace("*", "×").replace("-", "−")
