"""Lines of a taxed bill: none below zero, the sum kept, what has no room left for the next bill."""

from datetime import UTC, datetime
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dashboard.gateway.records import LineContent
from dashboard.sync.rollup import Member, roll_up
from dashboard.sync.taxed_lines import Fitted, fit

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def line(key: str, cents: int, description: str = "") -> LineContent:
    return LineContent(key, cents, description or key, START, END)


def fitted(*lines: LineContent, families: dict[str, int | None] | None = None) -> Fitted:
    return fit(lines, families=families or {}, currency="usd")


def amounts(found: Fitted) -> dict[str, int]:
    return {one.key: one.amount_cents for one in found.lines}


@st.composite
def bills(draw: st.DrawFn) -> tuple[list[LineContent], dict[str, int | None]]:
    """Lines of up to four prices or none, above, at and below zero."""
    kinds = st.sampled_from(("metered", "recurring", "adjustment"))
    rows = draw(st.lists(
        st.tuples(kinds, st.integers(-3000, 3000), st.sampled_from((None, 1, 2, 3))), max_size=20
    ))  # fmt: skip
    lines = [line(f"{kind}:{number}", cents) for number, (kind, cents, _) in enumerate(rows)]
    return lines, {one.key: row[2] for one, row in zip(lines, rows, strict=True)}


Bill = tuple[list[LineContent], dict[str, int | None]]


@given(bills())
def test_no_line_is_below_zero_and_the_sum_stays_to_the_cent(bill: Bill) -> None:
    lines, families = bill
    found = fitted(*lines, families=families)
    assert all(one.amount_cents >= 0 for one in found.lines)
    total = sum(one.amount_cents for one in lines)
    assert sum(one.amount_cents for one in found.lines) + found.left_cents == total


@given(bills())
def test_a_bill_waits_with_its_credits_only_once_all_charges_are_used_up(bill: Bill) -> None:
    lines, families = bill
    found = fitted(*lines, families=families)
    total = sum(one.amount_cents for one in lines)
    assert sum(one.amount_cents for one in found.lines) == max(total, 0)
    assert found.left_cents == min(total, 0)


@given(bills())
def test_every_cent_of_every_item_is_billed_or_left_once(bill: Bill) -> None:
    lines, families = bill
    found = fitted(*lines, families=families)
    shown: dict[str, int] = dict(found.left)
    for one in found.lines:
        parts = one.members or ((one.key, one.amount_cents),)
        assert sum(cents for _, cents in parts) == one.amount_cents
        for key, cents in parts:
            shown[key] = shown.get(key, 0) + cents
    assert shown == {one.key: one.amount_cents for one in lines}


@given(bills(), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(bill: Bill, random: Random) -> None:
    lines, families = bill
    shuffled = list(lines)
    random.shuffle(shuffled)
    one, other = fitted(*lines, families=families), fitted(*shuffled, families=families)
    assert set(one.lines) == set(other.lines)
    assert dict(one.left) == dict(other.left)


@given(bills())
def test_without_credits_nothing_is_different(bill: Bill) -> None:
    lines = [one for one in bill[0] if one.amount_cents >= 0]
    assert fitted(*lines).lines == tuple(lines)


@given(bills(), st.integers(1, 10))
def test_lowered_lines_that_are_rolled_up_still_say_what_is_in_them(bill: Bill, limit: int) -> None:
    lines, families = bill
    found = fitted(*lines, families=families)
    members = [Member(one, str(families[one.key]), "Price") for one in found.lines]
    shown: dict[str, int] = dict(found.left)
    for one in roll_up(members, limit):
        for key, cents in one.members or ((one.key, one.amount_cents),):
            shown[key] = shown.get(key, 0) + cents
    assert {key: cents for key, cents in shown.items() if cents} == {
        one.key: one.amount_cents for one in lines if one.amount_cents
    }


def test_a_credit_lowers_a_fee_before_usage_and_says_how_much() -> None:
    found = fitted(
        line("metered:1:1", 9000, "API calls"),
        line("recurring:1:1:2", 4000, "Plan"),
        line("adjustment:7", -1550, "Goodwill"),
    )
    assert amounts(found) == {"metered:1:1": 9000, "recurring:1:1:2": 2450}
    assert found.lines[1].description == "Plan, less $15.50: Goodwill"
    assert found.lines[1].members == (("recurring:1:1:2", 4000), ("adjustment:7", -1550))


def test_usage_that_grows_leaves_the_lowered_line_alone() -> None:
    plan, credit = line("recurring:1:1:2", 4000), line("adjustment:7", -1550)
    before = fitted(line("metered:1:1", 9000), plan, credit)
    after = fitted(line("metered:1:1", 9001), plan, credit)
    assert before.lines[1] == after.lines[1]


def test_a_correction_of_a_price_lowers_what_that_price_charges() -> None:
    found = fitted(
        line("recurring:1:1:2", 4000),
        line("metered:2:9", 3000),
        line("metered:1:9", -1000),
        families={"metered:2:9": 9, "metered:1:9": 9, "recurring:1:1:2": 2},
    )
    assert amounts(found) == {"recurring:1:1:2": 4000, "metered:2:9": 2000}


def test_several_credits_are_counted_in_words() -> None:
    found = fitted(line("a", 4000, "Plan"), line("b", -100), line("c", -200))
    assert found.lines[0].description == "Plan, less $3.00 in 2 credits"


def test_what_no_line_has_room_for_is_left() -> None:
    found = fitted(line("a", 1000), line("b", -700), line("c", -800))
    assert (amounts(found), found.left) == ({"a": 0}, (("c", -500),))


def test_credits_alone_are_all_left() -> None:
    found = fitted(line("b", -700))
    assert (found.lines, found.left) == ((), (("b", -700),))


def test_long_words_keep_the_amount() -> None:
    found = fitted(line("a", 4000, "x" * 500), line("b", -100, "y" * 500))
    said = found.lines[0].description
    assert len(said) == 500
    assert said.endswith(", less $1.00")
