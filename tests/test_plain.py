"""JSON that is kept as it came is what PostgreSQL and the careful reader make of it."""

import json
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dashboard.plain import plain
from dashboard.text import NotStorable, storable

DEEPEST = 4
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=VALUES, escaped=st.booleans(), laid_out=st.booleans())
def test_what_is_plain_is_stored_as_the_careful_reader_would_have_it(
    db: SQLAlchemy, value: Any, escaped: bool, laid_out: bool
) -> None:
    body = json.dumps(value, ensure_ascii=escaped, indent=2 if laid_out else None)
    try:
        found = plain(body, DEEPEST)
    except NotStorable:
        return
    assert found == storable(json.loads(body), DEEPEST)
    kept = db.session.scalar(text("select cast(:body as jsonb)"), {"body": body})
    assert kept == found


@pytest.mark.parametrize(
    "odd",
    [
        '{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": "\\uDFFF"}', '{"\\u0000": 1}', "[NaN]",
        "[-Infinity]", "[1e999]", "[1e5]", "[1E5]", "[" + "1" * 31 + ".5]", "{", "", "[1",
        "[" * 5 + "]" * 5, "[" * 9999,
    ],
)  # fmt: skip
def test_what_is_odd_is_left_to_the_careful_reader(odd: str) -> None:
    with pytest.raises(NotStorable):
        plain(odd, DEEPEST)


@pytest.mark.parametrize(
    "usual", ["[" * 4 + "]" * 4, "1", '"a"', "null", '{"a": "\\u00e9 \\u20ac", "b": 12.5, "c": -3}']
)
def test_what_is_usual_is_read_as_it_is(usual: str) -> None:
    assert plain(usual, DEEPEST) == json.loads(usual)
