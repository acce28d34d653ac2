"""Which names this product answers to: what a request says it is for may be anybody's word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

# Whoever is on this machine, and a tunnel to it, is not led anywhere by its own name.
HERE = ("localhost", "127.0.0.1", "::1")
EVERY = "*"
_NAME = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?", re.ASCII)


class Hosts:
    """The names of the settings and of this machine; `.example.com` stands for all below it."""

    def __init__(self, names: Iterable[str]) -> None:
        known = {name.lower().rstrip(".") for name in (*HERE, *names)}
        self._every = EVERY in known
        self._exact = frozenset(name for name in known if not name.startswith("."))
        self._below = tuple(name for name in known if name.startswith("."))

        # Asked of each request, and nearly always about the same.
        self.knows = lru_cache(maxsize=64)(self._knows)

    def _knows(self, host: str) -> bool:
        """Whether a request whose `Host` is this, with its port or without, is for us."""
        found = _NAME.fullmatch(host.lower())
        if found is None:
            return False
        name = found.group(1).strip("[]").rstrip(".")
        return self._every or name in self._exact or name.endswith(self._below)


def host_of(address: str) -> str:
    """Return the host of an address, without its port."""
    return urlsplit(address).hostname or ""
