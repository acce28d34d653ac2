"""Building the cut-down schema, and holding replies against it."""

import json
from pathlib import Path

import pytest

from simulator.schema import published
from simulator.schema.cut import trim
from simulator.schema.replies import ReplyChecks, ReplyRefused
from tests.simulator.shop import Shop
from tests.support.simulator import stripe_schema


def test_a_missing_document_is_told_with_the_way_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(published.SchemaMissing, match=r"requirements/schema\.txt"):
        published.build(tmp_path / "cache.json", tmp_path / "none.py")


def test_the_cut_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    cache = tmp_path / "build" / "stripe-schema.json"

    published.build(cache)

    assert set(json.loads(cache.read_text())["operations"]) == set(published.OPERATIONS)
    assert [one.name for one in cache.parent.iterdir()] == [cache.name]


def test_a_cut_of_other_operations_is_made_again(tmp_path: Path) -> None:
    cache = tmp_path / "stripe-schema.json"
    cache.write_text(json.dumps({"made_by": "an older version", "operations": {}}))

    assert published.load(cache).body("POST /v1/invoices")


def test_an_operation_that_stripe_does_not_have_can_not_be_cut() -> None:
    with pytest.raises(KeyError):
        trim({"paths": {}, "components": {"schemas": {}}}, [("POST", "/v1/rockets")])


def test_a_misspelt_field_in_a_reply_is_found(shop: Shop) -> None:
    checks = ReplyChecks(stripe_schema())
    invoice = json.loads(shop.draft(100).last_response.body)
    checks("GET /v1/invoices/{invoice}", invoice)

    with pytest.raises(ReplyRefused, match="amount_dew"):
        checks("GET /v1/invoices/{invoice}", {**invoice, "amount_dew": 1})


def test_a_missing_field_in_a_reply_is_found(shop: Shop) -> None:
    invoice = json.loads(shop.draft(100).last_response.body)
    del invoice["total"]

    with pytest.raises(ReplyRefused, match="total"):
        ReplyChecks(stripe_schema())("GET /v1/invoices/{invoice}", invoice)
