"""The audit trail, read and exported."""

import csv
import io

import pytest
from flask.testing import FlaskClient

from tests.pages import page, text_of


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", True),
        ("?organization=acme", True),
        ("?organization=nobody", False),
        ("?action=adjustment", True),
        ("?action=adjustment.removed", False),
        ("?actor=SUPPORT", True),
        ("?first=2000-01-01&last=2000-01-02", False),
        ("?first=not-a-day", True),
    ],
)
def test_entries_are_filtered_by_the_address(support: FlaskClient, query: str, found: bool) -> None:
    words = text_of(page(support.get(f"/audit-entries{query}")))
    assert ("adjustment.added" in words) == found


def test_a_day_that_cannot_be_read_is_said_beside_its_field(support: FlaskClient) -> None:
    soup = page(support.get("/audit-entries?first=2026-13-01&last=2000-01-01"))
    assert "“From” is not a day, such as 2026-04-30" in text_of(soup.find(id="first-error"))
    assert soup.find("input", attrs={"name": "first"})["aria-invalid"] == "true"
    assert soup.find(id="last-error") is None
    assert "No match for through 1 Jan 2000" in text_of(soup), "the other filters still hold"


def test_nothing_is_exported_by_a_filter_that_cannot_be_read(support: FlaskClient) -> None:
    words = text_of(page(support.get("/audit-entries.csv?last=yesterday"), 422))
    assert "The filter cannot be read: To. Nothing was downloaded." in words


def test_the_export_holds_what_the_filters_keep(support: FlaskClient) -> None:
    answer = support.get("/audit-entries.csv?action=adjustment&organization=acme")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["action"], row["organization"]) for row in rows] == [("adjustment.added", "acme")]
    assert rows[0]["at"].endswith("Z")
    assert rows[0]["reason"] == "Outage"


def test_the_link_to_the_export_keeps_the_filters(support: FlaskClient) -> None:
    soup = page(support.get("/audit-entries?action=adjustment"))
    link = next(one for one in soup.select("a.btn") if "CSV" in one.get_text())
    assert link["href"] == "/audit-entries.csv?action=adjustment"
