"""The plan leads from what Stripe has to what the ledger says, whatever the two are."""

from datetime import UTC, datetime
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from dashboard.gateway.protocol import LINES_PER_CALL
from dashboard.gateway.records import LineContent, RemoteLine
from dashboard.sync.compare import compare
from dashboard.sync.plan import KINDS, Known, Plan, make_plan

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)
KEYS = st.sampled_from([f"k{n}" for n in range(8)])


def content(key: str, cents: int) -> LineContent:
    return LineContent(key, cents, f"Item {key}", START, END)


LEDGERS = st.dictionaries(KEYS, st.integers(-10_000, 10_000)).map(
    lambda cents: [content(key, amount) for key, amount in cents.items()]
)


@st.composite
def stripes(draw: st.DrawFn) -> list[RemoteLine]:
    """What Stripe may have: our lines, some of them twice, edited ones, and those added there."""
    keys = draw(st.lists(st.one_of(st.none(), KEYS), max_size=12))
    return [
        RemoteLine(f"il_{n}", key, draw(st.integers(-10_000, 10_000)), f"Item {key}", START, END)
        for n, key in enumerate(keys)
    ]


def applied(plan: Plan, before: list[Known]) -> list[LineContent]:
    """Return the lines after doing what the plan says to the lines before it."""
    lines = {one.line_id: one.content for one in before}
    for change in plan.changes:
        if change.kind == "remove":
            del lines[change.line_id]
        elif change.kind == "update":
            lines[change.line_id] = change.after
        else:
            lines[f"new-{change.key}"] = change.after
    return sorted(lines.values(), key=lambda line: line.key)


@given(LEDGERS, stripes())
def test_applying_the_plan_makes_stripe_equal_to_the_ledger(
    ledger: list[LineContent], remote: list[RemoteLine]
) -> None:
    known = list(compare(ledger, (), remote).known)
    plan = make_plan(ledger, known, exists=True)
    assert applied(plan, known) == sorted(ledger, key=lambda line: line.key)


@given(LEDGERS, stripes())
def test_a_second_plan_is_empty(ledger: list[LineContent], remote: list[RemoteLine]) -> None:
    known = list(compare(ledger, (), remote).known)
    after = [
        Known(one, f"il_{n}")
        for n, one in enumerate(applied(make_plan(ledger, known, exists=True), known))
    ]
    again = make_plan(ledger, after, exists=True)
    assert (again.is_empty, again.calls, again.unchanged) == (True, 0, len(ledger))


@given(LEDGERS, stripes())
def test_the_calls_are_the_fewest_there_can_be(
    ledger: list[LineContent], remote: list[RemoteLine]
) -> None:
    plan = make_plan(ledger, list(compare(ledger, (), remote).known), exists=True)
    assert plan.calls == sum(ceil(len(plan.of(kind)) / LINES_PER_CALL) for kind in KINDS)
    assert [change.kind for change in plan.changes] == sorted(
        (change.kind for change in plan.changes), key=KINDS.index
    )


@given(LEDGERS, stripes())
def test_the_cents_before_and_after_are_what_the_two_sides_add_up_to(
    ledger: list[LineContent], remote: list[RemoteLine]
) -> None:
    seen = compare(ledger, (), remote)
    added = sum(line.amount_cents for line in seen.added)
    plan = make_plan(ledger, list(seen.known), exists=True, added_cents=added)
    assert plan.cents_before == sum(line.amount_cents for line in remote)
    assert plan.cents_after == sum(line.amount_cents for line in ledger) + added


@given(LEDGERS, LEDGERS)
def test_the_hash_names_the_changes_and_nothing_else(
    ledger: list[LineContent], agreed: list[LineContent]
) -> None:
    known = [Known(one, f"il_{one.key}") for one in agreed]
    plan = make_plan(ledger, known, exists=True)
    assert plan.hash == make_plan(ledger, list(reversed(known)), exists=True).hash
    more = make_plan([*ledger, content("new", 1)], known, exists=True)
    assert plan.hash != more.hash


def test_a_copy_that_is_already_right_is_the_one_that_stays() -> None:
    known = [Known(content("a", 1), "il_wrong"), Known(content("a", 5), "il_right")]
    plan = make_plan([content("a", 5)], known, exists=True)
    assert [(change.kind, change.line_id) for change in plan.changes] == [("remove", "il_wrong")]


def test_a_line_whose_id_was_never_shown_costs_the_reading_of_the_lines() -> None:
    known = [Known(content(f"k{n}", 1), None) for n in range(101)]
    plan = make_plan([content(f"k{n}", 2 if n == 0 else 1) for n in range(101)], known, exists=True)
    assert (plan.needs_line_ids, plan.reads, plan.calls) == (True, 2, 3)


def test_a_draft_that_does_not_exist_is_created_only_for_something() -> None:
    assert make_plan([], [], exists=False).is_empty
    assert make_plan([content("a", 1)], [], exists=False).calls == 2
