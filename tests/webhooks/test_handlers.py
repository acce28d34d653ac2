"""What Stripe is asked to send is what somebody here handles."""

import re
from pathlib import Path

from dashboard.webhooks.handlers import HANDLERS

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z_]+(?:\.[a-z_]+)+")


def test_the_readme_subscribes_to_exactly_what_is_handled() -> None:
    readme = (ROOT / "README.md").read_text().replace("\\\n", "")
    [listed] = re.findall(r"--events (\S+)", readme)
    assert sorted(listed.split(",")) == sorted(HANDLERS)


def test_the_operating_guide_says_of_each_what_becomes_of_it() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    section = guide.split("## Events to subscribe to")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(NAME.findall(" ".join(rows))) == sorted(HANDLERS)
