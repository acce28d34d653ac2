"""Reading forms and checking them against the schema."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator.engine.errors import ApiError
from simulator.engine.forms import nest, pairs
from simulator.schema.checks import compile_node
from simulator.schema.readers import reader_for
from tests.support.simulator import API_KEY, SimulatorControl, stripe_schema

ADD_LINES = "POST /v1/invoices/{invoice}/add_lines"
SUBSET = Path(__file__).resolve().parents[3] / "shared" / "stripe-openapi-subset.json"


def _read(operation: str, body: str) -> dict[str, Any]:
    return reader_for(operation, stripe_schema())(pairs(body))


def test_indexed_and_bare_arrays_are_the_same() -> None:
    assert nest(pairs("expand[0]=a&expand[1]=b")) == nest(pairs("expand[]=a&expand[]=b"))


def test_values_are_read_by_their_type() -> None:
    read = _read(ADD_LINES, "lines[0][amount]=-5&lines[0][period][start]=1&lines[0][period][end]=2")

    assert read == {"lines": [{"amount": -5, "period": {"start": 1, "end": 2}}]}


def test_metadata_stays_text_and_blank_is_kept() -> None:
    read = _read(ADD_LINES, "lines[0][metadata][n]=1&invoice_metadata[gone]=")

    assert read == {"lines": [{"metadata": {"n": "1"}}], "invoice_metadata": {"gone": ""}}


def test_lines_keep_their_order_beyond_ten() -> None:
    body = "&".join(f"lines[{index}][amount]={index}" for index in range(12))

    assert [line["amount"] for line in _read(ADD_LINES, body)["lines"]] == list(range(12))


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ("lines[0][amount]=1.5", "lines[0][amount]", "parameter_invalid_integer"),
        ("lines[0][amount]=", "lines[0][amount]", "parameter_invalid_empty"),
        ("lines[0][currency]=usd", "lines[0][currency]", "parameter_unknown"),
        ("lines[0][period][start]=1", "lines[0][period][end]", "parameter_missing"),
        ("lines[0][amount]=1&surprise=1", "surprise", "parameter_unknown"),
        ("lines[0][discountable]=maybe", "lines[0][discountable]", None),
        ("lines=1", "lines", None),
        ("lines[a][amount]=1", "lines", None),
        ("", "lines", "parameter_missing"),
    ],
)
def test_a_refusal_names_the_parameter(body: str, param: str, code: str | None) -> None:
    with pytest.raises(ApiError) as refusal:
        _read(ADD_LINES, body)

    assert (refusal.value.status, refusal.value.param, refusal.value.code) == (400, param, code)


def test_an_enumeration_takes_only_its_members() -> None:
    check = compile_node({"type": "string", "enum": ["a", "b", ""]})

    assert (check("a", "p"), check("", "p")) == ("a", "")
    with pytest.raises(ApiError, match="one of a, b"):
        check("c", "p")


def test_the_longest_number_of_an_invoice_is_26_characters() -> None:
    with pytest.raises(ApiError, match="26"):
        _read("POST /v1/invoices", f"number={'x' * 27}")


@pytest.mark.parametrize(
    "header", ["", "Bearer sk_live_1", "Bearer pk_test_1", "Basic !!!", "Basic c2tfbGl2ZV8xOg=="]
)
def test_only_a_test_key_is_let_in(simulator: SimulatorControl, header: str) -> None:
    headers = {"Authorization": header} if header else {}

    answer = requests.get(f"{simulator.url}/v1/customers", headers=headers, timeout=10)

    assert answer.status_code == 401


def test_an_unknown_address_is_told_in_stripes_shape(simulator: SimulatorControl) -> None:
    answer = requests.get(f"{simulator.url}/v1/rockets", auth=(API_KEY, ""), timeout=10)

    assert answer.status_code == 404
    assert "Unrecognized request URL" in answer.json()["error"]["message"]


@pytest.mark.skipif(not SUBSET.exists(), reason="the cut of another version is not at hand")
def test_our_cut_takes_what_another_cut_of_the_same_document_takes() -> None:
    subset = json.loads(SUBSET.read_text())
    for name, operation in stripe_schema().operations.items():
        method, path = name.split(" ", 1)
        other = subset["paths"].get(path, {}).get(method.lower(), {}).get("requestBody")
        if other is None:
            continue
        theirs = other["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
        # The other cut dropped a few names of old versions.
        assert set(theirs) <= set(operation["request"].get("properties", {})), name
