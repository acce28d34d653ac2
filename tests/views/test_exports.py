"""Tables as CSV, read as a server reads them: after the request's session is gone."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from tests.people import Browser


def download(client: FlaskClient, address: str) -> list[dict[str, str]]:
    """Return the rows of a download whose body is only read once the request is over."""

    def read() -> str:
        # Not through Browser.open: its application context would outlive the request.
        answer = super(Browser, client).open(address, buffered=False)
        assert answer.status_code == 200
        return answer.text

    # A thread has no application context of the test's around it.
    with ThreadPoolExecutor(max_workers=1) as pool:
        return list(csv.DictReader(io.StringIO(pool.submit(read).result())))


def test_an_invoice_is_downloaded_with_all_its_lines(customer: FlaskClient) -> None:
    rows = download(customer, "/organizations/acme/invoices/1.csv")
    assert [row["kind"] for row in rows] == ["recurring", "metered", "adjustment"]
    assert rows[-1]["amount"] == "-5.00"
    assert rows[-1]["currency"] == "USD"


@pytest.mark.parametrize("batch", [1, 500])
def test_the_audit_trail_is_downloaded_to_its_end(
    support: FlaskClient, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("dashboard.audit.listing.EXPORT_BATCH", batch)
    rows = download(support, "/audit-entries.csv")
    assert len(rows) > 1
    assert "adjustment.added" in [row["action"] for row in rows]
