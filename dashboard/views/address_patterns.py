"""The addresses in a page, filled into patterns that Flask gave once for each kind of them.

A billing page holds eighty addresses of a dozen kinds, and building one from its rule takes longer
than reading the row it leads to. What a pattern cannot hold is left to Flask. Those of the pages
around an organization are on each of its pages: what was written lately is kept.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from flask import request, url_for
from markupsafe import Markup, escape

from dashboard.ids import HIGHEST_ID

_HIGHEST = str(HIGHEST_ID)
# Some forty for each organization that somebody looks at.
_MOST_KEPT = 4096
# The same in a path whether quoted or not.
_is_plain = re.compile(r"[A-Za-z0-9._~-]+").fullmatch


class Addresses:
    """Flask's `url_for` for the templates of one application, which give paths on this host."""

    def __init__(self) -> None:
        self._pattern = cache(pattern)
        self._kept = lru_cache(_MOST_KEPT)(self._written)

    def __call__(self, endpoint: str, **values: Any) -> str:
        """Return what `url_for` returns."""
        for value in values.values():
            kind = type(value)
            if kind is not str and kind is not int:
                return url_for(endpoint, **values)
        return self._kept(request.script_root, endpoint, tuple(values.items()))

    def _written(self, root: str, endpoint: str, told: tuple[tuple[str, str | int], ...]) -> str:
        values: dict[str, Any] = dict(told)
        if all(map(_fits, values.values())):
            kinds = tuple((name, type(value)) for name, value in told)
            found = self._pattern(root, endpoint, kinds)
            if found is not None:
                return found % values
        return url_for(endpoint, **values)

    def each(self, endpoint: str, name: str, **values: Any) -> Callable[[int], Markup]:
        """Return what gives the address for each number that is put in as `name`."""
        every = values | {name: HIGHEST_ID}
        before, _, after = url_for(endpoint, **every).rpartition(_HIGHEST)
        # Escaped once: between the two parts stands a number.
        before, after = escape(before), escape(after)
        return lambda number: Markup(f"{before}{int(number)}{after}")  # noqa: S704


def pattern(_root: str, endpoint: str, kinds: tuple[tuple[str, type], ...]) -> str | None:
    """Return the path of `endpoint` with a place for each value; None where it has other parts."""
    marks: dict[str, Any] = {
        name: HIGHEST_ID - number if kind is int else f"a-value-{number}-a"
        for number, (name, kind) in enumerate(kinds)
    }
    try:
        address = url_for(endpoint, **marks).replace("%", "%%")
    except ValueError:
        return None  # text where a number belongs, which Flask reads as one
    for name, mark in marks.items():
        address = address.replace(str(mark), f"%({name})s")
    has_all = all(f"%({name})s" in address for name in marks)
    return address if has_all and "?" not in address else None


def _fits(value: object) -> bool:
    if type(value) is int:
        return value >= 0
    return type(value) is str and _is_plain(value) is not None
