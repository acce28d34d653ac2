"""Who sells is read once; what would not show at the head of a document stops the start."""

import pytest

from dashboard.config import ConfigError, load_config
from dashboard.settings.seller import Seller
from tests.support.environment import settings


@pytest.fixture
def environment(monkeypatch):
    """An environment of a product; returns what changes it."""
    for name, value in settings("postgresql://billing@db/billing", "redis://redis").items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


def test_without_settings_nobody_is_named(environment):
    assert load_config().seller == Seller("", (), "", "")


def test_lines_of_the_address_end_with_semicolons(environment):
    environment("SELLER_NAME", "Tallowmere Cloud, Inc.")
    environment("SELLER_ADDRESS", "418 Alder Street, Floor 3; Springfield, OR 97000 ;")
    environment("SELLER_TAX_ID", "00-1234567")
    environment("SELLER_EMAIL", "billing@tallowmere.example")
    assert load_config().seller == Seller(
        "Tallowmere Cloud, Inc.",
        ("418 Alder Street, Floor 3", "Springfield, OR 97000"),
        "00-1234567",
        "billing@tallowmere.example",
    )


@pytest.mark.parametrize("value", ["two\nlines", "turned\u202earound", "x" * 201])
def test_what_does_not_show_as_it_reads_is_refused_by_name(environment, value):
    environment("SELLER_NAME", value)
    with pytest.raises(ConfigError, match="SELLER_NAME"):
        load_config()
