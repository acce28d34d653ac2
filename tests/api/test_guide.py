"""The examples of docs/api.md, run as they stand."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from demo.catalogue import PRICES
from tests.support.environment import ROOT

GUIDE = (ROOT / "docs" / "api.md").read_text()
# A refusal ends the script; so does one in the middle of a pipe.
STRICT = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body "$@"; echo; }\n'


def script(url: str) -> str:
    """Return the guide's shell examples, in order, for the web at `url`."""
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return STRICT + "\n".join(blocks).replace("http://127.0.0.1:8000", url)


@pytest.mark.skipif(not shutil.which("curl"), reason="the examples are written for curl")
def test_the_examples_work_beside_the_demo_and_may_be_repeated(
    caller, stack, redis, tmp_path: Path
):
    for price in PRICES:
        assert caller.post("/prices", price).status_code == 201
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "demo-token").write_text(caller.secret)
    for _ in range(2):
        ran = subprocess.run(
            ["bash", "-c", script(stack.url)], cwd=tmp_path, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr
    bill = caller.get("/organizations/acme/current-invoice").json
    kinds = [item["kind"] for item in bill["items"]]
    assert kinds.count("metered") == kinds.count("adjustment") == 1
