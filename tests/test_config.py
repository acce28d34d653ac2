"""What the environment says is read once; what is wrong is named."""

import os
import subprocess
import sys

import pytest

from dashboard.config import ConfigError, load_config
from dashboard.driver import connect_arguments
from tests.support.environment import ROOT, settings

NEEDED = settings("", "")
ADDRESS = "postgresql://billing@db/billing"


@pytest.fixture
def environment(monkeypatch):
    """An environment that describes a product that can run; returns what changes it."""
    for name, value in settings(ADDRESS, "redis://127.0.0.1:9/0").items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


def test_statements_are_prepared_only_where_somebody_says_that_it_is_safe(environment):
    by_default = load_config().database_prepared_statements
    assert connect_arguments(prepares=by_default)["prepare_threshold"] is None
    environment("DATABASE_PREPARED_STATEMENTS", "true")
    chosen = load_config().database_prepared_statements
    assert connect_arguments(prepares=chosen)["prepare_threshold"] == 5


@pytest.mark.parametrize("option", ["prepare_threshold=0", "sslmode=disable&autocommit=true"])
def test_an_option_of_the_driver_in_the_address_stops_the_start_and_is_named(environment, option):
    environment("DATABASE_URL", f"{ADDRESS}?{option}")
    name = option.split("&")[-1].split("=")[0]
    with pytest.raises(ConfigError, match=f"DATABASE_URL: .*{name} does not belong in the address"):
        load_config()


def test_an_address_may_say_how_to_reach_the_server(environment):
    environment("DATABASE_URL", f"{ADDRESS}?sslmode=require&connect_timeout=5")
    assert load_config().database_url.endswith("?sslmode=require&connect_timeout=5")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://db/billing", "postgresql://"),
        ("DATABASE_URL", "postgresql://billing@db:port/billing", "give the port as a number"),
        ("DATABASE_URL", "postgresql://billing:p@ss:w@db/billing", "percent-encode"),
        ("DATABASE_URL", "postgresql://billing:p@ss/w@db/billing", "percent-encode"),
        ("DATABASE_URL", "postgresql://billing@db:99999/billing", "give the port as a number"),
        ("DATABASE_URL", "postgresql://billing@db:0/billing", "give the port as a number"),
        ("DATABASE_URL", "postgresql://billing@db/billing?sslmod=require", "sslmod"),
        ("REDIS_URL", "redis://host:6379/prod", "a database number"),
        ("REDIS_URL", "redis://host:6379/0?sockettimeout=5", "options"),
        ("REDIS_URL", "redis://host:6379/0?socket_timeout=soon", "options"),
        ("REDIS_URL", "rediss://host:6379/0?ssl_ca_certs=/nowhere/ca.pem", "/nowhere/ca.pem"),
        ("REDIS_URL", "unix://", "socket"),
        ("REDIS_URL", "nonsense", "redis://"),
        ("REDIS_URL", "redis://host:port/0", "redis://"),
        ("STRIPE_API_BASE", "nonsense", "http:// or https://"),
        ("STRIPE_API_BASE", "https://", "http:// or https://"),
        ("STRIPE_API_BASE", "https://a:b", "http:// or https://"),
        ("STRIPE_DASHBOARD_BASE", "javascript:1", "http:// or https://"),
        ("STRIPE_API_BASE", "https://api.example.com:99999", "http:// or https://"),
        ("STRIPE_API_BASE", "https://api.example.com/ v1", "http:// or https://"),
        ("STRIPE_API_KEY", "sk_test_\N{HORIZONTAL ELLIPSIS}", "STRIPE_API_KEY"),
        ("STRIPE_API_KEY", "sk_test_abc ", "STRIPE_API_KEY"),
        ("STRIPE_API_KEY", "sk_test_abc\n", "STRIPE_API_KEY"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_\N{HORIZONTAL ELLIPSIS}", "whsec_"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_", "whsec_"),
        ("STRIPE_WEBHOOK_SECRET", ",", "whsec_"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_one,two", "whsec_"),
        ("STRIPE_TIMEOUT_SECONDS", "inf", "finite"),
        ("STRIPE_TIMEOUT_SECONDS", "nan", "finite"),
        ("STRIPE_TIMEOUT_SECONDS", "3600", "less than or equal"),
        ("STRIPE_TIMEOUT_SECONDS", "0.001", "greater than or equal"),
        ("METRICS_TOKEN", "a token with spaces in it", "METRICS_TOKEN"),
        ("METRICS_TOKEN", "sixteen-letters-\N{LATIN SMALL LETTER E WITH ACUTE}", "METRICS_TOKEN"),
        ("OIDC_NAME", "Acme\u202e", "U+202E"),
        ("SECRET_KEY", "sixteen letters \udcff and one that is none", "SECRET_KEY"),
        ("CLOSING_GRACE_SECONDS", str(3000 * 365 * 86400), "less than or equal"),
        ("CLOSING_GRACE_SECONDS", str(72 * 3600), "AUTOFINALIZE_AFTER_HOURS"),
        ("SYNC_INTERVAL_SECONDS", str(10**9), "less than or equal"),
        ("USAGE_MAX_AGE_DAYS", str(10**7), "less than or equal"),
        ("USAGE_KEYS_KEPT_DAYS", "35", "counted twice"),
        ("SYNC_RUNS_KEPT_DAYS", "30", "forever"),
        ("WEBHOOK_EVENTS_KEPT_DAYS", "30", "forever"),
        ("LOG_LEVEL", "LOUD", "one of CRITICAL"),
        ("PORT", "eighty", "PORT"),
        ("EXTERNAL_URL", "billing.example.com", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://billing.example.com:99999", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://billing.example.com:0", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://billing.example.com:port", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://[zz]", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}ro.example.com", "xn--"),
        ("EXTERNAL_URL", "https://billing..example.com", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://billing.example.com//billing", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://example.com/a/../billing", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://example.com/%2e", "EXTERNAL_URL"),
        ("EXTERNAL_URL", 'https://example.com/"><script>', "EXTERNAL_URL"),
        ("EXTERNAL_URL", "javascript:1", "EXTERNAL_URL"),
        ("EXTERNAL_URL", "https://user@billing.example.com", "EXTERNAL_URL"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "TRUSTED_PROXIES"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "every address"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, ::/0", "every address"),
        ("TRUSTED_PROXIES", "*", "TRUSTED_PROXIES"),
        ("SECRET_KEY_FALLBACKS", "a key of sixteen letters,short", "at least 16"),
        ("SESSION_IDLE_SECONDS", "0", "greater than or equal"),
        ("SESSION_IDLE_SECONDS", str(15 * 86400), "SESSION_LIFE_SECONDS"),
        ("CONFIRM_ABOVE", "-1", "greater than or equal"),
        ("CONFIRM_AFTER_SECONDS", "0", "greater than or equal"),
        ("SESSION_LIFE_SECONDS", str(91 * 86400), "less than or equal"),
    ],
)
def test_a_value_that_could_never_work_stops_the_start_and_is_named(
    environment, name, value, words
):
    environment(name, value)
    with pytest.raises(ConfigError) as refused:
        load_config()
    message = str(refused.value)
    assert name in message
    assert words in message
    assert "p@ss" not in message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://billing:p%40ss%2Fw@db:5432/billing"),
        ("DATABASE_URL", "postgresql:///billing?host=/run/postgresql"),
        ("DATABASE_URL", "postgresql://billing@[::1]:5432/billing"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("REDIS_URL", "rediss://:secret@redis:6380/0"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_new, whsec_old"),
        ("LOG_LEVEL", "debug"),
        ("EXTERNAL_URL", "https://example.com/billing"),
        ("EXTERNAL_URL", "https://example.com/billing/"),
        ("EXTERNAL_URL", "http://[::1]:8000"),
        ("DATABASE_URL", "postgresql:///billing?host=/run/a&host=/run/b&application_name="),
        ("REDIS_URL", "redis://billing:p%40ss%2Fw@host:6379/0?socket_timeout=5&protocol=3"),
        ("REDIS_URL", "redis://host"),
        ("REDIS_URL", "redis://host:6379/?db=3"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_MTIz+/NDU="),
        ("AUTOFINALIZE_AFTER_HOURS", "0"),
    ],
)
def test_what_works_is_taken(environment, name, value):
    environment(name, value)
    assert load_config()


def test_where_another_service_is_says_nothing_of_our_port(environment):
    environment("PORT", "tcp://10.0.0.7:8000")
    assert load_config().port == 8000


def test_several_wrong_values_are_named_at_once(environment):
    environment("LOG_LEVEL", "LOUD")
    environment("REDIS_URL", "nonsense")
    with pytest.raises(ConfigError, match=r"(?s)REDIS_URL.*LOG_LEVEL"):
        load_config()


def test_links_begin_where_people_reach_the_pages(environment):
    assert load_config().external_address == "http://localhost:8000"
    environment("EXTERNAL_URL", "https://billing.example.com")
    assert load_config().external_address == "https://billing.example.com"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://Billing.Example.com:443/Pay", "https://billing.example.com/Pay"),
        ("HTTP://billing.example.com:80", "http://billing.example.com"),
        ("http://billing.example.com:8080/", "http://billing.example.com:8080/"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_our_address_is_read_as_browsers_write_it(environment, written, meant):
    environment("EXTERNAL_URL", written)
    assert load_config().external_url == meant


@pytest.mark.parametrize("module", ["dashboard.web", "dashboard.worker", "dashboard.scheduler"])
def test_no_process_starts_without_its_settings(module):
    bare = {name: value for name, value in os.environ.items() if name not in NEEDED}
    ended = subprocess.run(
        [sys.executable, "-m", module],
        env={**bare, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "DATABASE_URL: Field required" in ended.stderr
    assert "Traceback" not in ended.stderr
