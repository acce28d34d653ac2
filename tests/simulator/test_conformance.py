"""The simulator behaves as the product assumes Stripe does; the suite says so, and is safe."""

from collections.abc import Iterator

import pytest
import requests
from click.testing import CliRunner, Result

from dashboard.gateway.conformance.api import LiveKeyRefused
from dashboard.gateway.conformance.command import stripe_commands
from dashboard.gateway.conformance.runner import CHECKS, UnknownCheck, run_checks
from tests.support.simulator import API_KEY, SimulatorControl, running_simulator


@pytest.fixture(scope="module")
def fresh() -> Iterator[SimulatorControl]:
    """A simulator that no other test touches meanwhile."""
    with running_simulator() as control:
        yield control


@pytest.mark.parametrize("check_id", [check.id for check in CHECKS])
def test_the_simulator_holds_the_assumption(fresh: SimulatorControl, check_id: str) -> None:
    (result,) = run_checks(fresh.url, API_KEY, only=[check_id])

    assert result.outcome == "held", f"{result.sentence} Seen: {result.seen}"


def test_every_check_has_its_own_name_and_a_sentence() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    assert all(check.sentence.endswith(".") for check in CHECKS)


def test_nothing_is_left_behind(fresh: SimulatorControl) -> None:
    run_checks(fresh.url, API_KEY, only=["lines", "draft"])

    page = requests.get(f"{fresh.url}/v1/invoices?status=draft", auth=(API_KEY, ""), timeout=10)
    assert page.json()["data"] == []


def test_a_live_key_is_refused_before_any_call(fresh: SimulatorControl) -> None:
    before = len(fresh.calls())

    with pytest.raises(LiveKeyRefused):
        run_checks(fresh.url, "sk_live_something")

    assert len(fresh.calls()) == before


def test_an_unknown_check_is_refused_by_name(fresh: SimulatorControl) -> None:
    with pytest.raises(UnknownCheck, match=r"no\.such"):
        run_checks(fresh.url, API_KEY, only=["no.such"])


def test_a_simulator_that_fails_is_told_as_an_error(fresh: SimulatorControl) -> None:
    fresh.fault("error_before", path="add_lines", times=1)

    (result,) = run_checks(fresh.url, API_KEY, only=["lines.signed_amounts"])

    assert result.outcome == "error"


def run_mismatch(fresh: SimulatorControl) -> Result:
    """Run the command for the one check of a key that is used for something else."""
    options = ["--api-key", API_KEY, "--base-url", fresh.url, "--only", "keys.mismatch"]
    return CliRunner().invoke(stripe_commands, ["conformance", *options])


def test_the_command_prints_each_check_and_succeeds(fresh: SimulatorControl) -> None:
    done = run_mismatch(fresh)

    assert done.exit_code == 0, done.output
    assert "1 of 1 assumptions hold" in done.output


def test_the_command_fails_when_an_assumption_does_not_hold(fresh: SimulatorControl) -> None:
    fresh.fault("error_before", path="add_lines", times=1)
    done = run_mismatch(fresh)

    assert done.exit_code == 1
    assert "0 of 1 assumptions hold" in done.output
