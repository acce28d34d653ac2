"""Tables as CSV, read as a server reads them: after the request's session is gone."""

import csv
import io
import json
import unicodedata
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from dashboard.views import exports
from tests.support.downloads import download


def test_an_invoice_is_downloaded_with_all_its_lines(customer: FlaskClient) -> None:
    rows = download(customer, "/organizations/acme/invoices/1.csv")
    assert [row["kind"] for row in rows] == ["recurring", "metered", "adjustment"]
    assert rows[-1]["amount"] == "-5.00"
    assert rows[-1]["currency"] == "USD"


def test_a_line_says_its_unit_what_a_unit_costs_and_whose_invoice_it_is(
    customer: FlaskClient,
) -> None:
    fee, usage, credit = download(customer, "/organizations/acme/invoices/1.csv")
    names = ("product", "unit", "pricing", "unit_price", "per")
    assert [fee[name] for name in names] == [
        "Managed database", "database", "per_unit", "30", "1",
    ]  # fmt: skip
    assert [usage[name] for name in names] == ["API requests", "request", "per_unit", "0.05", "1"]
    assert [credit[name] for name in names] == ["", "", "", "", ""]
    total = sum(Decimal(row["amount"]) for row in (fee, usage, credit))
    assert {(row["invoice"], Decimal(row["invoice_total"])) for row in (fee, usage, credit)} == {
        ("", total)
    }


@pytest.mark.parametrize("batch", [1, 500])
def test_the_audit_trail_is_downloaded_to_its_end(
    support: FlaskClient, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("dashboard.audit.listing.EXPORT_BATCH", batch)
    rows = download(support, "/audit-entries.csv")
    assert len(rows) > 1
    assert "adjustment.added" in [row["action"] for row in rows]


def test_the_facts_of_an_entry_are_json_for_whoever_reads_the_table(support: FlaskClient) -> None:
    [entry] = download(support, "/audit-entries.csv?action=adjustment.added&organization=acme")
    facts = json.loads(entry["facts"])
    assert facts["cents"] == -500
    assert facts["currency"] == "usd"


STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEFORE = (
    "",
    " ",
    "\t",
    "\r\n",
    "\u3000",
    "\xa0",
    "\u200b",
    "\ufeff",
    "\u3164",
    '"',
    "\x00",
    "\u202e",
)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("glue", ["", "a;", "a\t", "a\n", '","', '";"', "a; "])
def test_no_reader_of_a_download_finds_a_formula_in_it(delimiter: str, glue: str) -> None:
    cells = [f"{glue}{before}{start}1+1" for before in BEFORE for start in STARTS]
    rows = [("text", "facts"), *((cell, {"reason": cell}) for cell in cells)]
    written = "".join(exports.csv_lines(rows))
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
        for cell in row:
            first = unicodedata.normalize("NFKC", cell).strip(' \t\r\n"')[:1]
            assert first not in set("=+-@"), row


def test_numbers_and_usual_words_stay_as_they_are() -> None:
    cells = (Decimal("-5.00"), -3, "Credit - for the outage; 50 %", "a=b", "2026-04-10", "x@y.test")
    [line] = exports.csv_lines([cells])
    assert next(csv.reader([line])) == [str(cell) for cell in cells]
