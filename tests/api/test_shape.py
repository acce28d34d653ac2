"""What a body holds is found out before it is read, and whatever it is made of, at once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dashboard.api.operation import checked
from dashboard.api.schemas.usage import UsageBatchIn
from dashboard.api.shape import holds_more_than, refuse_large_objects
from dashboard.bounds import MOST_ERRORS, MOST_KEYS

JSON = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('a,[{"\\:}]é')),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.sampled_from('a,[{"\\')), inner),
)


def values(of: object) -> int:
    """Count the commas and the opening brackets of the JSON of something."""
    if not isinstance(of, list | dict):
        return 0
    inner = list(of.values()) if isinstance(of, dict) else of
    return 1 + max(0, len(inner) - 1) + sum(map(values, inner))


@given(JSON)
def test_what_is_in_texts_does_not_count(of: object) -> None:
    raw, count = json.dumps(of, ensure_ascii=False).encode(), values(of)
    assert not holds_more_than(count, raw)
    assert count == 0 or holds_more_than(count - 1, raw)


@pytest.mark.parametrize("raw", [b'"\\', b'"' + b'\\"' * 500_000, b"\\" * 500_000, b'"' * 500_001])
def test_an_open_string_is_read_once(raw: bytes) -> None:
    assert not holds_more_than(0, raw)


def test_an_object_of_too_many_keys_is_refused_by_one_sentence() -> None:
    refuse_large_objects(json.dumps(dict.fromkeys(map(str, range(MOST_KEYS)))).encode(), "Body")
    large = [dict.fromkeys(map(str, range(MOST_KEYS + 1)))] * 3
    with pytest.raises(ValidationError, match="1 validation error"):
        refuse_large_objects(json.dumps(large).encode(), "Body")


def test_of_a_long_list_no_more_is_looked_at_than_is_told() -> None:
    raw = json.dumps({"records": [{}] * 5_000}).encode()
    with pytest.raises(ValidationError) as refused:
        checked(UsageBatchIn, raw)
    named = {one["loc"][1] for one in refused.value.errors()}
    assert named == set(range(MOST_ERRORS))
