"""What the simulator knows outlives its process, killed or stopped."""

import socket
import time
from pathlib import Path

import pytest
import stripe

from simulator import server
from tests.simulator.receiver import receiving
from tests.simulator.shop import Shop
from tests.support.simulator import API_KEY, SimulatorControl, running_simulator, simulator_process


def _shop(simulator: SimulatorControl) -> Shop:
    client = stripe.StripeClient(API_KEY, base_addresses={"api": simulator.url})
    return Shop(client.v1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_killed_process_comes_back_with_everything(tmp_path: Path) -> None:
    port, key = _free_port(), {"idempotency_key": "sync-1-1"}
    lines = {"lines": [{"amount": 100, "metadata": {"dashboard_item": "a"}}]}
    with simulator_process(port, tmp_path) as simulator:
        shop = _shop(simulator)
        draft = shop.draft(auto_advance=True)
        shop.client.invoices.add_lines(draft.id, lines, key)
        simulator.advance(600)

    with simulator_process(port, tmp_path) as simulator:
        shop = _shop(simulator)
        again = shop.client.invoices.add_lines(draft.id, lines, key)
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        assert [line.amount for line in shop.lines(draft.id)] == [100]
        assert 599 < simulator.get("clock")["offset_seconds"] < 601
        simulator.advance(3600)
        assert shop.read(draft.id).status != "draft"


def test_what_was_not_delivered_is_delivered_after_the_restart(tmp_path: Path) -> None:
    with receiving() as receiver:
        with running_simulator(data=tmp_path, webhook_url=receiver.url) as simulator:
            simulator.post("webhooks", mode="paused")
            _shop(simulator).customer(None)

        with running_simulator(data=tmp_path, webhook_url=receiver.url):
            end = time.monotonic() + 10
            while not receiver.deliveries and time.monotonic() < end:
                time.sleep(0.02)

        assert receiver.types() == ["customer.created"]


def test_without_a_directory_nothing_is_kept(tmp_path: Path) -> None:
    with running_simulator() as simulator:
        customer = _shop(simulator).customer(None)
    with running_simulator() as simulator, pytest.raises(stripe.InvalidRequestError):
        _shop(simulator).client.customers.retrieve(customer.id)


def test_a_taken_port_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert server.main(["--port", str(port)]) == 1

    assert str(port) in capsys.readouterr().err
