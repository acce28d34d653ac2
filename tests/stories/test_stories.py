"""The worked stories come to what was worked out by hand: here, and at Stripe."""

from __future__ import annotations

import ast
import operator
import os
from fractions import Fraction

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.currencies import minor_digits
from tests.stories.catalog import SOLD
from tests.stories.document import document
from tests.stories.story import Bill, Story
from tests.stories.told import STORIES
from tests.support.environment import ROOT
from tests.support.story_world import StoryWorld, day
from tests.support.syncing import Syncer

DOCUMENT = ROOT / "docs" / "stories.md"
OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


def worked_out(told: str, currency: str) -> int:
    """Return what a sum comes to in minor units: exact, and rounded once, half away from zero."""
    exact = _value(ast.parse(told, mode="eval").body, told) * 10 ** minor_digits(currency)
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


def _value(node: ast.expr, told: str) -> Fraction:
    if isinstance(node, ast.BinOp):
        apply = OPERATORS[type(node.op)]
        return Fraction(apply(_value(node.left, told), _value(node.right, told)))
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, told)
    # As it is written: a number's own value is of binary fractions.
    return Fraction(str(ast.get_source_segment(told, node)))


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_a_story_comes_to_what_was_worked_out_by_hand(
    db: SQLAlchemy, syncer: Syncer, story: Story
) -> None:
    prices = {name: SOLD[name].make(name) for name in story.sold}
    told = dict(story.organization) | {"currency": story.currency}
    world = StoryWorld.begun(db, syncer, prices, **told)
    for at, verb, *arguments in story.happens:
        if day(at) > world.now:
            world.go_to(day(at))
        getattr(world, verb)(*arguments)
        db.session.commit()
        world.hear()
    for number, bill in enumerate(story.bills, 1):
        assert_is(world, number, bill, story.currency)
    assert world.balance() == worked_out(story.balance, story.currency)


def assert_is(world: StoryWorld, number: int, wanted: Bill, currency: str) -> None:
    """Compare a bill, as the ledger has it and as Stripe has it, with what was worked out."""
    lines = {name: worked_out(told, currency) for name, told in wanted.lines.items()}
    assert world.lines(number) == lines
    bill = world.bill(number)
    assert (bill.status, bill.total_cents) == (wanted.status, sum(lines.values()))
    credited = sum(item.credited_cents for item in bill.items)
    assert (credited, bill.refunded_cents) == (
        worked_out(wanted.credited, currency), worked_out(wanted.refunded, currency),
    )  # fmt: skip
    if bill.stripe_invoice_id is None:
        assert lines == {}
        return
    remote = world.syncer.gateway.invoice(bill.stripe_invoice_id)
    theirs = worked_out(wanted.theirs, currency)
    assert bill.theirs_cents == theirs
    assert (remote.status, remote.total_cents) == (wanted.status, sum(lines.values()) + theirs)
    asked = remote.amount_paid_cents + remote.amount_remaining_cents
    assert asked == worked_out(wanted.due, currency)


def test_the_document_tells_these_stories() -> None:
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(document())
    assert DOCUMENT.read_text() == document(), "UPDATE_DOCS=1 pytest tests/stories"


def test_there_are_twenty_stories_or_more() -> None:
    assert len(STORIES) >= 20
