"""Files that pages give."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

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
