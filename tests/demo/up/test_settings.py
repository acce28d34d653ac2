"""What `make run` refuses to start with, and what it makes up itself."""

import socket
import stat
from pathlib import Path

import pytest

from demo.up.alone import alone
from demo.up.environment import product_environment, write_for_shells
from demo.up.ports import check_ports
from demo.up.settings import CannotStart, Settings, read_settings, secret_key

OURS = ("DATABASE_URL", "REDIS_URL", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "PORT", "HOST")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that says nothing but where the data goes."""
    for name in (*OURS, "SIMULATOR_PORT", "SANDBOX_PORT", "SECRET_KEY", "DEMO"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return monkeypatch


def test_an_empty_environment_means_everything_is_ours() -> None:
    settings = read_settings()
    assert (settings.own_postgres, settings.own_redis, settings.own_stripe) == (True, True, True)
    assert (settings.port, settings.simulator_port) == (8000, 8001)


def test_what_the_environment_names_is_not_started(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgresql://db.internal/billing")
    environment.setenv("REDIS_URL", "redis://cache.internal/0")
    environment.setenv("STRIPE_API_KEY", "sk_test_ours")
    environment.setenv("STRIPE_WEBHOOK_SECRET", "whsec_ours")
    settings = read_settings()
    assert (settings.own_postgres, settings.own_redis, settings.own_stripe) == (False,) * 3
    ours = product_environment(settings, database_url=None, redis_url=None)
    assert ours.keys().isdisjoint(OURS[:4])


def test_a_live_key_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STRIPE_API_KEY", "sk_live_ours")
    with pytest.raises(CannotStart, match="live key"):
        read_settings()


def test_a_key_without_its_webhook_secret_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("STRIPE_API_KEY", "sk_test_ours")
    with pytest.raises(CannotStart, match="STRIPE_WEBHOOK_SECRET"):
        read_settings()


def test_the_simulators_port_may_have_its_former_name(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("SANDBOX_PORT", "8100")
    assert read_settings().simulator_port == 8100
    environment.setenv("SIMULATOR_PORT", "8200")
    assert read_settings().simulator_port == 8200


@pytest.mark.parametrize("value", ["eighty", "0", "65536", "-1"])
def test_a_wrong_port_is_refused_by_name(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("SIMULATOR_PORT", value)
    with pytest.raises(CannotStart, match=r"SIMULATOR_PORT must be a port"):
        read_settings()


@pytest.mark.parametrize("name", ["PORT", "SIMULATOR_PORT"])
def test_a_taken_port_is_refused_by_name(environment: pytest.MonkeyPatch, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        environment.setenv(name, str(taken.getsockname()[1]))
        with pytest.raises(CannotStart, match=rf"is taken \({name}\)"):
            check_ports(read_settings())


def test_a_second_run_on_the_same_data_says_who_runs_already() -> None:
    settings = read_settings()
    with (
        alone(settings),
        pytest.raises(CannotStart, match=r"already running .* http://127.0.0.1:8000"),
        alone(settings),
    ):
        pass


def test_the_lock_is_free_again_after_a_run() -> None:
    held = 0
    for _ in range(2):
        with alone(read_settings()):
            held += 1
    assert held == 2


def test_the_secret_key_is_kept_and_private(tmp_path: Path) -> None:
    first = secret_key(tmp_path)
    assert secret_key(tmp_path) == first
    assert len(first) > 32
    assert mode(tmp_path / "secret-key") == 0o600


def test_the_file_for_shells_is_private(tmp_path: Path) -> None:
    write_for_shells(tmp_path / "environment", {"SECRET_KEY": "x"})
    assert mode(tmp_path / "environment") == 0o600


def test_the_simulator_is_what_our_parts_call_stripe() -> None:
    settings: Settings = read_settings()
    ours = product_environment(settings, database_url="postgresql:///a", redis_url="unix:///b")
    assert ours["STRIPE_API_BASE"] == "http://127.0.0.1:8001"
    assert ours["DATABASE_URL"] == "postgresql:///a"


def test_the_demo_has_a_pace_that_one_can_watch(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SYNC_INTERVAL_SECONDS", "30")
    ours = product_environment(read_settings(), database_url=None, redis_url=None)
    assert (ours["SYNC_INTERVAL_SECONDS"], ours["CLOSING_GRACE_SECONDS"]) == ("30", "60")
    assert ours["APPROVE_ABOVE"] == "1000"
    assert "admin@example.com" in ours["DEMO_ACCOUNTS"]
    environment.setenv("DEMO", "0")
    ours = product_environment(read_settings(), database_url=None, redis_url=None)
    assert ours.keys().isdisjoint({"CLOSING_GRACE_SECONDS", "DEMO_ACCOUNTS"})


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)
