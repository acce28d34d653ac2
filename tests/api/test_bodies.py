"""Bodies that could be read in two ways are refused, naming what is wrong."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from dashboard.api.repeated_keys import refuse_repeated_keys
from dashboard.api.schemas.types import Instant
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.factories import make_organization

CHARGE = '"description": "Help", "reason": "Call", "key": "k"'
RECORD = '"organization": "acme", "meter": "requests", "quantity": "1", "recorded_at": "{}"'


@pytest.fixture
def acme(db):
    with transaction():
        return make_organization(anchor=utc_now(), now=utc_now())


def send(caller, path, raw):
    headers = {"Authorization": f"Bearer {caller.secret}", "Content-Type": "application/json"}
    return caller.client.post(f"/api/v1{path}", data=raw, headers=headers)


@pytest.mark.parametrize("again", ['"amount_cents"', '"amount\\u005fcents"'])
def test_a_key_that_is_given_twice_is_refused_by_its_name(caller, acme, again):
    raw = f'{{"amount_cents": 1, {again}: -5000, {CHARGE}}}'
    refused = send(caller, "/organizations/acme/adjustments", raw)
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_body")
    [error] = refused.json["errors"]
    assert (error["field"], error["code"]) == ("amount_cents", "repeated_key")


def test_in_a_batch_it_is_named_by_index_too(caller, acme):
    record = RECORD.format(utc_now().isoformat())
    raw = f'{{"records": [{{{record}, "key": "a"}}, {{{record}, "key": "b", "key": "c"}}]}}'
    refused = send(caller, "/usage", raw)
    assert [(one["index"], one["field"]) for one in refused.json["errors"]] == [(1, "key")]


def test_the_same_name_in_different_objects_is_no_repetition():
    refuse_repeated_keys(json.dumps({"a": [{"b": 1}, {"b": 2}], "c": {"a": 1}}).encode(), "Body")
    with pytest.raises(ValidationError, match="2 validation errors"):
        refuse_repeated_keys(b'{"a": {"b": 1, "b": 1}, "a": 2}', "Body")


@pytest.mark.parametrize(
    "text",
    [
        "1775000000", "1775000000.5", "2026-04-10", "2026-04-10T12:00Z", "2026-04-10 12:00:00Z",
        "2026-04-10T12:00:00", "20260410T120000Z", "2026-02-31T12:00:00Z", "2026-04-10T24:00:01Z",
        "2026-04-10T12:00:00+0200", "٢٠٢٦-04-10T12:00:00Z", "now", "",
    ],
)  # fmt: skip
def test_an_instant_is_written_out(text):
    with pytest.raises(ValidationError, match=r"instant_format|timezone"):
        TypeAdapter(Instant).validate_json(json.dumps(text), strict=True)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-04-10T12:00:00Z", datetime(2026, 4, 10, 12, tzinfo=UTC)),
        ("2026-04-10T14:00:00.5+02:00", datetime(2026, 4, 10, 12, 0, 0, 500_000, UTC)),
        ("2026-04-10T12:00:00.123456789Z", datetime(2026, 4, 10, 12, 0, 0, 123_456, UTC)),
    ],
)
def test_an_instant_has_a_zone_and_at_most_microseconds(text, instant):
    read = TypeAdapter(Instant).validate_json(json.dumps(text), strict=True)
    assert read == instant


@pytest.mark.parametrize("value", ["1775000000", 1775000000])
def test_a_record_of_a_number_of_seconds_is_refused(caller, acme, value):
    record = {"organization": "acme", "meter": "m", "key": "k", "quantity": "1"}
    refused = caller.post("/usage", {"records": [record | {"recorded_at": value}]})
    assert [(one["index"], one["field"]) for one in refused.json["errors"]] == [(0, "recorded_at")]
    assert refused.json["code"] == "invalid_body"


def test_no_more_mistakes_are_told_than_a_hundred_and_how_many_were_left_out(caller, acme):
    records = [{"organization": "nobody", "meter": "m", "key": str(one), "quantity": "1",
                "recorded_at": utc_now().isoformat()} for one in range(250)]  # fmt: skip
    refused = caller.post("/usage", {"records": records})
    assert refused.json["code"] == "batch_refused"
    assert [one["index"] for one in refused.json["errors"]] == list(range(100))
    assert refused.json["errors_left_out"] == 150


def test_of_what_was_sent_only_an_excerpt_comes_back(caller, acme):
    refused = caller.post("/organizations", {"x" * 30_000: 1})
    field = refused.json["errors"][-1]["field"]
    assert field == "x" * 79 + "…"
    assert len(refused.data) < 2_000


def test_a_body_of_too_many_values_is_refused_before_it_is_read(caller, acme):
    refused = send(caller, "/usage", '{"records": [' + "{}," * 50_000 + "{}]}")
    assert refused.status_code == 413
    assert refused.json["detail"] == (
        "The body holds more than 80000 values. Nothing was changed. Send it in parts."
    )
