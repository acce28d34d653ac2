"""Each line is classed by who changed it since it was last agreed."""

from datetime import UTC, datetime

import pytest

from dashboard.gateway.records import LineContent, RemoteLine
from dashboard.sync.compare import compare
from dashboard.sync.plan import Known

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 2, 1, tzinfo=UTC)


def content(cents: int) -> LineContent:
    return LineContent("a", cents, "Item", START, END)


def remote(cents: int, key: str | None = "a", line_id: str = "il_a") -> RemoteLine:
    return RemoteLine(line_id, key, cents, "Item", START, END)


@pytest.mark.parametrize(
    ("ours", "agreed", "theirs", "state"),
    [
        (5, 5, 5, "equal"),
        (6, 5, 5, "we_changed"),
        (5, 5, 6, "stripe_changed"),
        (6, 5, 7, "both_changed"),
        (6, 5, 6, "equal"),
        (5, 5, None, "missing"),
        (None, 5, None, None),
        (5, None, None, "we_changed"),
        (None, 5, 5, "we_changed"),
        (5, None, 7, "we_changed"),
    ],
)
def test_who_changed_the_line(
    ours: int | None, agreed: int | None, theirs: int | None, state: str | None
) -> None:
    seen = compare(
        [] if ours is None else [content(ours)],
        [] if agreed is None else [Known(content(agreed), "il_a")],
        [] if theirs is None else [remote(theirs)],
    )
    assert [finding.state for finding in seen.findings] == ([state] if state else [])


def test_a_line_without_our_mark_is_foreign_unless_its_id_is_known() -> None:
    unmarked = remote(5, key=None)
    assert [one.state for one in compare([], [], [unmarked]).findings] == ["foreign"]
    adopted = compare([content(5)], [Known(content(5), "il_a")], [unmarked])
    assert [one.state for one in adopted.findings] == ["equal"]
    assert [one.marked for one in adopted.known] == [False]


def test_a_second_copy_of_our_line_is_a_duplicate() -> None:
    seen = compare([content(5)], [], [remote(5), remote(5, line_id="il_b")])
    assert sorted(one.state for one in seen.findings) == ["duplicate", "equal"]
