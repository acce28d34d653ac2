"""Addresses from patterns are those that Flask builds."""

from typing import Any

import pytest
from flask import Flask, url_for
from markupsafe import escape

from dashboard.ids import HIGHEST_ID
from dashboard.views.address_patterns import Addresses, pattern

VALUES: dict[str, Any] = {"slug": "acme-2", "filename": "css/page.css"}


def test_every_route_has_the_address_that_flask_builds(app: Flask) -> None:
    addresses, patterns = Addresses(), 0
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            values = {name: VALUES.get(name, 7) for name in rule.arguments}
            for _ in range(2):
                assert addresses(rule.endpoint, **values) == url_for(rule.endpoint, **values)
            kinds = tuple((name, type(value)) for name, value in values.items())
            patterns += pattern("", rule.endpoint, kinds) is not None
    assert patterns > 40


@pytest.mark.parametrize(
    "values",
    [
        {"slug": "a/b c%?"},
        {"slug": "é"},
        {"slug": ""},
        {"slug": "acme", "q": "cus_1"},
        {"slug": "acme", "q": None},
        {"slug": "acme", "_anchor": "x"},
        {"slug": "a-value-0-a"},
        {"slug": 7},
        {"slug": True},
    ],
)
def test_what_no_pattern_holds_is_left_to_flask(app: Flask, values: dict[str, Any]) -> None:
    addresses = Addresses()
    with app.test_request_context():
        for _ in range(2):
            assert addresses("organizations.show", **values) == url_for(
                "organizations.show", **values
            )


@pytest.mark.parametrize("sequence", ["3", "03", -1, 3])
def test_numbers_are_written_as_flask_writes_them(app: Flask, sequence: int | str) -> None:
    values = {"slug": "acme", "sequence": sequence}
    with app.test_request_context():
        assert Addresses()("invoices.show", **values) == url_for("invoices.show", **values)


def test_an_application_mounted_below_a_path_links_below_it(app: Flask) -> None:
    addresses = Addresses()
    for root in ("", "/billing", ""):
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": root}):
            assert addresses("organizations.show", slug="a") == f"{root}/organizations/a"


def test_the_addresses_of_many_rows_are_those_of_each(app: Flask) -> None:
    for slug, root in (("acme", ""), ("a/b c%?&'", "/billing"), (str(HIGHEST_ID), "")):
        values = {"slug": slug, "sequence": 3}
        with app.test_request_context(environ_overrides={"SCRIPT_NAME": root}):
            address_of = Addresses().each("items.show", "item_id", **values)
            for number in (1, 70, HIGHEST_ID):
                wanted = url_for("items.show", item_id=number, **values)
                assert address_of(number) == escape(wanted)
