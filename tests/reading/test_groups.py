"""Items are grouped by product and by what they are sold as; nothing is lost, nothing is twice."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dashboard.reading.groups import (
    ALL,
    Group,
    Look,
    by_product,
    in_order,
    name_of,
    parts_of,
    rows,
)
from dashboard.reading.rows import Item
from tests.support.bill_items import fee, item

EVERYTHING = Look(opened=frozenset({ALL}))


def named(items: list[Item], look: Look = EVERYTHING) -> list[str]:
    """Return the names of the rows, indented by their depth."""
    return ["  " * row.depth + name_of(row.part) for row in rows(by_product(items), look)]


def test_one_item_of_a_product_is_no_group() -> None:
    alone = item("Business support", 29900)
    assert by_product([alone]) == [alone]


def test_two_hundred_servers_of_one_kind_are_one_row_that_opens() -> None:
    items = [fee(f"robot-{number}") for number in range(200)]
    assert named(items, Look()) == ["Servers"]
    opened = named(items, Look(opened=frozenset({"servers"})))
    assert len(opened) == 201
    assert opened[1:3] == ["  Medium server (robot-0)", "  Medium server (robot-1)"]


def test_several_kinds_of_a_product_open_one_after_the_other() -> None:
    large = {"sold": "Large server", "price_version_id": 2}
    items = [fee("a"), fee("b"), fee("x", 9600, **large), fee("y", 9600, **large)]
    assert named(items, Look(opened=frozenset({"servers"}))) == [
        "Servers",
        "  Large server",
        "  Medium server",
    ]
    assert named(items, Look(opened=frozenset({"servers", "servers/large-server"}))) == [
        "Servers",
        "  Large server",
        "    Large server (x)",
        "    Large server (y)",
        "  Medium server",
    ]


def test_two_versions_of_a_price_are_two_kinds() -> None:
    items = [fee("a"), fee("b"), fee("c", price_version_id=2), fee("d", price_version_id=2)]
    [servers] = by_product(items)
    assert isinstance(servers, Group)
    keys = [part.key for part in parts_of(servers)]
    assert keys == ["servers/medium-server", "servers/medium-server~2"]


def test_a_correction_does_not_hide_among_fees() -> None:
    items = [fee("a"), fee("b"), item("Medium server (a), correction", 5, product="Servers")]
    assert named(items, Look(opened=frozenset({"servers"}))) == [
        "Servers",
        "  Medium server",
        "  Medium server (a), correction",
    ]


def test_the_largest_come_first_credits_last() -> None:
    items = [
        item("Compute", 500),
        item("Credit", -100, kind="adjustment", product=None, price_name=None),
        item("Storage", 900),
    ]
    assert named(items) == ["Storage", "Compute", "Credit"]


def test_by_name_numbers_count_as_numbers() -> None:
    items = [item(f"db-{number}", number) for number in (10, 2, 1)]
    assert [name_of(part) for part in in_order(items, by_name=True)] == ["db-1", "db-2", "db-10"]


def test_many_charges_and_credits_stand_together_a_few_by_themselves() -> None:
    free = {"kind": "adjustment", "product": None, "price_name": None, "price_version_id": None}
    items = [item(f"Goodwill {number}", -number, **free) for number in range(1, 6)]
    assert named(items)[:2] == ["Goodwill 1", "Goodwill 2"]
    items.append(item("Setup", 5000, **free))
    assert named(items)[:3] == ["Charges and credits", "  Setup", "  Goodwill 1"]


def test_units_of_one_sort_are_counted_together() -> None:
    servers, mixed = [fee("a"), fee("b", quantity=Decimal("2.5"))], fee("c", unit_label="plan")
    [one_sort] = by_product(servers)
    [of_several] = by_product([*servers, mixed])
    assert isinstance(one_sort, Group)
    assert isinstance(of_several, Group)
    assert one_sort.quantity == Decimal("3.5")
    assert of_several.quantity is None


def test_products_whose_names_differ_in_signs_alone_open_apart() -> None:
    of = [item("1", 1, product="Data-transfer"), item("2", 1, product="Data-transfer")]
    other = [item("3", 1, product="data transfer"), item("4", 1, product="data transfer")]
    keys = [part.key for part in by_product([*of, *other])]
    assert keys == ["data-transfer", "data-transfer~2"]


PRODUCTS = st.sampled_from(["Servers", "Storage", "ספריה", "数据", "!", "DATA", "data"])
ITEMS = st.lists(
    st.builds(
        lambda product, version, cents, kind: item(
            f"{product} {version}", cents, product=product, price_version_id=version, kind=kind
        ),
        PRODUCTS,
        st.integers(1, 3),
        st.integers(-(10**15), 10**15),
        st.sampled_from(["recurring", "metered"]),
    ),
    max_size=40,
)


@given(ITEMS, st.booleans())
def test_every_item_is_seen_once_and_every_group_adds_up(items: list[Item], by_name: bool) -> None:
    shown = list(rows(by_product(items), EVERYTHING._replace(by_name=by_name)))
    alone = [row.part for row in shown if not isinstance(row.part, Group)]
    assert sorted(one.id for one in alone) == sorted(one.id for one in items)
    top = sum(row.part.billed_cents for row in shown if row.depth == 0)
    assert top == sum(one.billed_cents for one in items)
    for row in shown:
        if isinstance(row.part, Group):
            parts = parts_of(row.part)
            assert sum(part.billed_cents for part in parts) == row.part.billed_cents
            assert len(parts) > 1
    keys = [row.part.key for row in shown if isinstance(row.part, Group)]
    assert len(keys) == len(set(keys))
