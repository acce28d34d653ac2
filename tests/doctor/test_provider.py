"""What is said of Stripe: by itself, and as the simulator answers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import requests

from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.doctor import provider
from dashboard.doctor.finding import Finding
from dashboard.gateway.errors import Misconfigured, OutcomeUnknown
from dashboard.gateway.event_records import RemoteEndpoint, RemoteEndpoints
from dashboard.gateway.parsing import API_VERSION
from dashboard.gateway.protocol import Unlimited
from dashboard.gateway.stripe import StripeGateway
from tests.support.environment import config
from tests.support.simulator import API_KEY, WEBHOOK_SECRET, SimulatorControl, running_simulator

URL = "https://billing.example.com"
TYPES = ("invoice.paid", "invoice.voided")
OURS = RemoteEndpoint(
    "we_1", f"{URL}/webhooks/stripe", is_enabled=True, types=TYPES, api_version=API_VERSION
)


@dataclass
class Told:
    """A gateway that answers this, or raises it."""

    answer: RemoteEndpoints | Exception

    def endpoints(self) -> RemoteEndpoints:
        """Answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def findings(answer: object, **settings: object) -> dict[str, Finding]:
    """Return what is found, by what was looked at."""
    settings = {"external_url": URL, "stripe_api_base": provider.STRIPE} | settings
    ours: Config = config("postgresql://db/billing", "redis://redis").model_copy(update=settings)
    gateway = answer if isinstance(answer, StripeGateway) else Told(answer)
    path = "/webhooks/stripe"
    found = provider.findings(ours, gateway, path=path, types=TYPES, version=API_VERSION)
    return {one.name: one for one in found}


def told(*endpoints: RemoteEndpoint, date: datetime | None = None) -> RemoteEndpoints:
    """Return such an answer."""
    return RemoteEndpoints(endpoints, date)


def test_an_endpoint_as_it_has_to_be_is_in_order() -> None:
    found = findings(told(OURS, date=utc_now()), stripe_api_key="sk_live_x")
    assert {one.state for one in found.values()} == {"ok"}
    assert found.keys() >= {"mode", "key", "clock of Stripe", "webhook endpoint", "event types"}


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"is_enabled": False}, "webhook endpoint", "disabled"),
        ({"types": ("invoice.paid", "charge.captured")}, "event types", "invoice.voided"),
        ({"api_version": "2020-08-27"}, "event version", "2020-08-27"),
        ({"api_version": None}, "event version", "account"),
        ({"url": "https://old.example.com/webhooks/stripe"}, "webhook endpoint", "has none at"),
    ],
)
def test_one_that_would_lose_events_is_to_be_mended(change, name, words) -> None:
    found = findings(told(replace(OURS, **change)))
    assert found[name].state == "mend"
    assert words in found[name].seen
    assert found[name].to_do


def test_one_that_is_sent_everything_lacks_nothing() -> None:
    assert findings(told(replace(OURS, types=("*",))))["event types"].state == "ok"


def test_on_ones_own_machine_the_command_line_tool_delivers() -> None:
    found = findings(told(), external_url=None)["webhook endpoint"]
    assert found.state == "look"
    assert "stripe listen" in found.to_do


def test_below_a_path_the_endpoint_is_there_too() -> None:
    below = replace(OURS, url=f"{URL}/billing/webhooks/stripe")
    found = findings(told(below), external_url=f"{URL}/billing/")
    assert found["webhook endpoint"].state == "ok"


def test_a_clock_that_is_minutes_off_would_have_signatures_refused() -> None:
    found = findings(told(OURS, date=utc_now() - timedelta(minutes=4)))
    assert found["clock of Stripe"].state == "mend"


def test_a_key_that_may_not_read_is_told_apart_from_a_stripe_that_is_away() -> None:
    assert "restricted key" in findings(Misconfigured("No such right."))["key"].to_do
    away = findings(OutcomeUnknown("No answer."))["answer"]
    assert (away.state, away.seen) == ("mend", "No answer.")


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorControl]:
    """A simulator that no other test touches."""
    with running_simulator() as control:
        yield control


def test_the_simulator_is_asked_in_one_read(simulator: SimulatorControl) -> None:
    gateway = StripeGateway(
        API_KEY, api_base=simulator.url, timeout_seconds=5, webhook_secrets=[WEBHOOK_SECRET],
        limiter=Unlimited(),
    )  # fmt: skip
    body = {"url": OURS.url, "enabled_events[0]": "invoice.paid", "api_version": API_VERSION}
    made = requests.post(
        f"{simulator.url}/v1/webhook_endpoints", data=body, auth=(API_KEY, ""), timeout=5
    )
    assert made.status_code == 200, made.text
    before = len(simulator.calls())
    found = findings(gateway, stripe_api_base=simulator.url)
    assert len(simulator.calls()) == before + 1
    states = {name: one.state for name, one in found.items()}
    assert states == {
        "mode": "look",
        "key": "ok",
        "clock of Stripe": "ok",
        "webhook endpoint": "ok",
        "event types": "mend",
        "event version": "ok",
    }
