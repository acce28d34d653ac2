"""Every module has its place in the list of layers: none is outside the rule of directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from configparser import ConfigParser

from tests.support.environment import ROOT


def written() -> str:
    """Return the list of layers as it is written."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    return contracts["importlinter:contract:down"]["layers"]


def modules() -> Iterator[str]:
    """Yield every module of the product that has something in it."""
    for package in ("dashboard", "jobs"):
        for file in (ROOT / package).rglob("*.py"):
            if file.name != "__init__.py":
                yield ".".join(file.relative_to(ROOT).with_suffix("").parts)


def test_every_module_is_in_a_layer() -> None:
    known = re.findall(r"[\w.]+", written())
    outside = {
        module
        for module in modules()
        if not any(module == one or module.startswith(f"{one}.") for one in known)
    }
    assert outside == set()


def test_no_layer_may_be_missing() -> None:
    assert "(" not in written()
