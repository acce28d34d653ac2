"""What a look changes: what is new, what is told otherwise, what is settled."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.needs.found import Found
from dashboard.needs.look import Known, compare, weight
from tests.factories import NOW

SUBJECTS = st.sampled_from("abc")
FOUND = st.builds(
    Found,
    subject=SUBJECTS,
    since=st.sampled_from([NOW, NOW - timedelta(days=1)]),
    facts=st.fixed_dictionaries({"why": st.sampled_from("xy")}),
)
KINDS = st.sampled_from(["on_hold", "late"])
LISTED = st.dictionaries(KINDS, st.dictionaries(SUBJECTS, FOUND))


def named(listed: dict[str, dict[str, Found]]) -> dict[tuple[str, str], Found]:
    """Return them by kind and subject, each under its own."""
    return {
        (kind, subject): one._replace(subject=subject)
        for kind, some in listed.items()
        for subject, one in some.items()
    }


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(before=LISTED, after=LISTED)
def test_what_is_kept_after_a_look_is_what_was_found(before, after) -> None:
    kept, found = named(before), named(after)
    known = {name: Known(number, one) for number, (name, one) in enumerate(kept.items())}
    by_id = {one.id: name for name, one in known.items()}
    different = compare(found, known)
    for name, one in different.new.items():
        kept[name] = one
    for row_id, one in different.changed.items():
        kept[by_id[row_id]] = one
    for kind, ids in different.settled.items():
        for row_id in ids:
            assert by_id[row_id][0] == kind
            del kept[by_id[row_id]]
    assert kept == found


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(LISTED)
def test_a_second_look_at_the_same_changes_nothing(listed) -> None:
    found = named(listed)
    known = {name: Known(number, one) for number, (name, one) in enumerate(found.items())}
    assert not any(compare(found, known))


@pytest.mark.parametrize(
    ("cents", "currency", "weighs"),
    [(1050, "usd", 1050), (1050, "jpy", 105_000), (10_500, "bhd", 1050), (None, None, 0)],
)
def test_amounts_are_sorted_by_whole_units_of_their_currency(cents, currency, weighs) -> None:
    assert weight(cents, currency) == weighs
