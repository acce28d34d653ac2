"""Every module has its place in the list of layers: none is outside the rule of directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import ConfigParser

import pytest

from tests.support.environment import ROOT


def written(contract: str = "down") -> str:
    """Return the list of layers of a contract as it is written."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    return contracts[f"importlinter:contract:{contract}"]["layers"]


def modules(*packages: str) -> Iterator[str]:
    """Yield every module of some packages that has something in it."""
    for package in packages:
        for file in (ROOT / package).rglob("*.py"):
            if file.name not in ("__init__.py", "__main__.py"):
                yield ".".join(file.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize(
    ("contract", "packages"),
    [("down", ("dashboard", "jobs")), ("jobs", ("jobs",)), ("simulator", ("simulator",))],
)
def test_every_module_is_in_a_layer(contract: str, packages: tuple[str, ...]) -> None:
    known = re.findall(r"[\w.]+", written(contract))
    outside = {
        module
        for module in modules(*packages)
        if not any(module == one or module.startswith(f"{one}.") for one in known)
    }
    assert outside == set()


@pytest.mark.parametrize("contract", ["down", "jobs", "simulator", "demo"])
def test_no_layer_may_be_missing(contract: str) -> None:
    assert "(" not in written(contract)
