"""The alerts of deploy/prometheus: what they ask is measured, and the runbook says what to do."""

import re
import shutil
import subprocess

import pytest
import yaml
from flask.testing import FlaskClient

from tests.support.environment import ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
RUNBOOK = ROOT / "docs" / "runbook.md"
MISSING = "No promtool here, so the rules are not tried: apt-get install prometheus"


def rules() -> list[dict]:
    """Return the rules as Prometheus reads them."""
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return group["rules"]


def test_the_runbook_has_a_line_for_each_alert_and_no_other() -> None:
    lines = re.findall(r"^\| (Billing\w+) \|", RUNBOOK.read_text(), re.MULTILINE)
    assert lines == [rule["alert"] for rule in rules()]


def test_every_figure_that_is_asked_for_is_measured(client: FlaskClient) -> None:
    asked = {name for rule in rules() for name in re.findall(r"dashboard_\w+", rule["expr"])}
    measured = set(re.findall(r"^# TYPE (\w+)", client.get("/metrics").text, re.MULTILINE))
    parts = {f"{name}_{part}" for name in measured for part in ("bucket", "count")}
    assert asked - measured - parts == set()
    assert len(asked) > 10


def test_each_alert_comes_when_it_should_and_goes() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip(MISSING)
    tried = subprocess.run(
        [promtool, "test", "rules", RULES.with_name("alerts_test.yml")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert tried.returncode == 0, tried.stdout + tried.stderr
    tests = RULES.with_name("alerts_test.yml").read_text()
    assert [rule["alert"] for rule in rules() if rule["alert"] not in tests] == []
