"""What is read at once is what the documented model reads, and never anything it refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dashboard.api.operation import checked
from dashboard.api.schemas.usage import UsageBatchIn
from dashboard.api.usual_usage import read_usual

RECORD = {
    "organization": "acme", "meter": "requests", "key": "k-1", "quantity": "12.50",
    "recorded_at": "2026-04-10T12:00:00.5+02:00",
}  # fmt: skip
strange = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=80), st.just([]),
    st.sampled_from([
        "", "Acme", "a" * 64, "-x", "a_b", "1e3", "-1", "0.0000000000001", "1" * 21, "٣", "12.",
        "2026-04-10T12:00:00", "2026-04-10", "2026-02-31T00:00:00Z", "1969-12-31T23:00:00Z",
        "2026-04-10T12:00:00z", "3000-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "a\\u0000b",
        "two\nlines", "\u202e", "ö", '"quoted"', "back\\slash", " ", "x" * 201,
    ]),
)  # fmt: skip
records = st.dictionaries(st.sampled_from([*RECORD, "service", "other"]), strange, max_size=3).map(
    lambda wrong: RECORD | wrong
)
bodies = st.lists(st.one_of(st.just(RECORD), records, strange), max_size=3)


def as_documented(raw):
    try:
        return checked(UsageBatchIn, raw).reported()
    except ValidationError:
        return None


@given(bodies, st.booleans())
def test_it_agrees_with_the_model_or_leaves_it_to_that(found, is_ascii):
    raw = json.dumps({"records": found}, ensure_ascii=is_ascii).encode(errors="surrogatepass")
    usual = read_usual(raw)
    if usual is not None:
        assert usual == as_documented(raw)


@pytest.mark.parametrize("more", [{}, {"service": "web"}, {"service": None}, {"key": 'a "b" \\'}])
def test_a_usual_batch_is_read_at_once(more):
    raw = json.dumps({"records": [RECORD | more, RECORD]}).encode()
    assert read_usual(raw) == as_documented(raw) is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"{}", b'{"records": []}', b'{"records": null}', b'{"records": [1]}', b"\xff",
        b'{"records": [], "records": []}', b"[" * 100_000, b'{"records": NaN}',
        json.dumps({"records": [RECORD]}).replace('"key"', '"meter": "x", "key"').encode(),
        json.dumps({"records": [RECORD], "more": 1}).encode(),
    ],
)  # fmt: skip
def test_what_is_unusual_is_left_to_the_model(raw):
    assert read_usual(raw) is None


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_only_utf_8_is_read_as_the_model_reads_nothing_else(encoding):
    raw = json.dumps({"records": [RECORD]}).encode(encoding)
    assert read_usual(raw) is as_documented(raw) is None
