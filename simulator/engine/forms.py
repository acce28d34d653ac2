"""Form bodies and query strings as Stripe writes them: `lines[0][period][start]=1`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from simulator.engine.errors import invalid

_SUFFIX = re.compile(r"\[([^\[\]]*)\]")


def pairs(text: str) -> list[tuple[str, str]]:
    """Return the decoded pairs in order; blank values are kept, since they unset things."""
    split = (piece.partition("=") for piece in text.split("&") if piece)
    # Names repeat from call to call, so they are decoded once; values do not.
    return [(_name(name), unquote_plus(value)) for name, _, value in split]


def nest(items: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the pairs as nested dictionaries of strings; a list is a dictionary of its indexes.

    `a[]=x&a[]=y` counts its own indexes. Raises 400 when one name is both a value and a branch.
    """
    root: dict[str, Any] = {}
    for name, value in items:
        branch = root
        *parents, leaf = _path(name)
        for part in parents:
            branch = branch.setdefault(part or str(len(branch)), {})
            if not isinstance(branch, dict):
                raise invalid(f"Invalid request: {name} is both a value and a hash.", param=name)
        branch[leaf or str(len(branch))] = value
    return root


_name = lru_cache(maxsize=8192)(unquote_plus)


@lru_cache(maxsize=8192)
def _path(name: str) -> tuple[str, ...]:
    head, bracket, _ = name.partition("[")
    return (head, *_SUFFIX.findall(name)) if bracket else (head,)
