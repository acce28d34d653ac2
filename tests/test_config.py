"""What the environment says is read once; what is wrong is named."""

import pytest

from dashboard.config import ConfigError, load_config
from dashboard.driver import connect_arguments
from tests.support.environment import settings

ADDRESS = "postgresql://billing@db/billing"


@pytest.fixture
def environment(monkeypatch):
    """An environment that describes a product that can run; returns what changes it."""
    for name, value in settings(ADDRESS, "redis://127.0.0.1:9/0").items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


def test_statements_are_prepared_only_where_somebody_says_that_it_is_safe(environment):
    by_default = load_config().database_prepared_statements
    assert connect_arguments(prepares=by_default) == {"prepare_threshold": None}
    environment("DATABASE_PREPARED_STATEMENTS", "true")
    chosen = load_config().database_prepared_statements
    assert connect_arguments(prepares=chosen) == {"prepare_threshold": 5}


@pytest.mark.parametrize("option", ["prepare_threshold=0", "sslmode=disable&autocommit=true"])
def test_an_option_of_the_driver_in_the_address_stops_the_start_and_is_named(environment, option):
    environment("DATABASE_URL", f"{ADDRESS}?{option}")
    name = option.split("&")[-1].split("=")[0]
    with pytest.raises(ConfigError, match=f"DATABASE_URL: .*{name} is not for the address"):
        load_config()


def test_an_address_may_say_how_to_reach_the_server(environment):
    environment("DATABASE_URL", f"{ADDRESS}?sslmode=require&connect_timeout=5")
    assert load_config().database_url.endswith("?sslmode=require&connect_timeout=5")
