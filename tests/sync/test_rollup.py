"""More lines than Stripe accepts become few enough: exact, deterministic, cheap to change."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.models import Invoice
from dashboard.extensions import db
from dashboard.gateway.records import LineContent
from dashboard.sync.plan import Known, make_plan
from dashboard.sync.rollup import Member, roll_up
from tests.support.billing import drop, items_of, put
from tests.support.syncing import Syncer

START = datetime(2026, 1, 1, tzinfo=UTC)


def member(number: int, cents: int, family: str) -> Member:
    end = START + timedelta(days=1 + number % 28)
    line = LineContent(f"k{number:03}", cents, f"Item {number}", START, end)
    return Member(line, family, f"Price {family}")


@st.composite
def members(draw: st.DrawFn) -> list[Member]:
    """Up to forty lines of up to five families, some of a single line."""
    shapes = st.tuples(st.integers(-500, 500), st.sampled_from("abcde"))
    return [
        member(number, cents, family)
        for number, (cents, family) in enumerate(draw(st.lists(shapes, max_size=40)))
    ]


@given(members(), st.integers(1, 20))
def test_no_more_lines_than_allowed_and_not_a_cent_lost(lines: list[Member], limit: int) -> None:
    rolled = roll_up(lines, limit)
    assert len(rolled) <= max(limit, 1)
    assert sum(one.amount_cents for one in rolled) == sum(one.line.amount_cents for one in lines)


@given(members(), st.integers(1, 20))
def test_every_line_is_there_by_itself_or_in_one_roll_up(lines: list[Member], limit: int) -> None:
    shown = [key for one in roll_up(lines, limit) for key, _ in one.members or ((one.key, 0),)]
    assert sorted(shown) == sorted(one.line.key for one in lines)


@given(members(), st.integers(1, 20), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_does_not_matter(
    lines: list[Member], limit: int, random: object
) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)
    assert set(roll_up(lines, limit)) == set(roll_up(shuffled, limit))


def test_few_enough_lines_are_left_as_they_are() -> None:
    lines = [member(number, 100, "a") for number in range(250)]
    assert roll_up(lines, 250) == tuple(one.line for one in lines)


def test_the_smallest_lines_of_the_largest_price_go_first() -> None:
    lines = [member(n, 100 + n, "large") for n in range(10)] + [member(90, 1, "small")]
    rolled = roll_up(lines, 9)
    assert rolled[-1].members == (("k000", 100), ("k001", 101), ("k002", 102))
    assert (rolled[-1].amount_cents, rolled[-1].key) == (303, "rollup:large")
    assert rolled[-1].description == "Price large: 3 smaller items together"


def test_where_no_price_has_two_lines_the_rest_goes_together() -> None:
    lines = [member(n, n, f"family-{n}") for n in range(6)]
    assert [one.key for one in roll_up(lines, 4)] == ["k003", "k004", "k005", "rollup:rest"]


def as_known(lines: tuple[LineContent, ...]) -> list[Known]:
    return [Known(one, f"il_{one.key}") for one in lines]


def test_growing_past_the_limit_and_back_costs_few_calls() -> None:
    few = [member(n, 1000 + n, "a") for n in range(240)]
    many = [member(n, 1000 + n, "a") for n in range(260)]
    small, large = roll_up(few, 250), roll_up(many, 250)
    assert make_plan(large, as_known(small), exists=True).calls <= 3
    assert make_plan(small, as_known(large), exists=True).calls <= 3


def test_a_bill_of_260_lines_is_synced_exactly_and_back(bill: Invoice, syncer: Syncer) -> None:
    put(bill, **{f"k{n:03}": 1000 + n for n in range(240)})
    syncer.sync(bill)
    put(bill, **{f"k{n:03}": 1000 + n for n in range(240, 260)})
    grown = syncer.sync(bill)
    lines = syncer.lines(bill)
    assert (grown.state, len(lines)) == ("succeeded", 250)
    assert sum(lines.values()) == bill.total_cents == bill.stripe_total_cents
    drop(bill, *(f"k{n:03}" for n in range(240, 260)))
    assert syncer.sync(bill).state == "succeeded"
    assert len(syncer.lines(bill)) == 240


def test_when_stripe_bills_a_roll_up_first_its_members_are_not_billed_again(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, **{f"k{n:03}": 1000 + n for n in range(260)})
    syncer.sync(bill)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    put(bill, k000=1500, extra=7)
    syncer.sync(bill)
    following = db.session.query(Invoice).filter_by(previous_invoice_id=bill.id).one()
    carried = {item.description: item.amount_cents for item in items_of(following)}
    assert carried == {"Item k000, carried over": 500, "Item extra, carried over": 7}
