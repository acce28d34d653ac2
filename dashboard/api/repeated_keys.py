"""Keys that a JSON object gives twice: readers take the first or the last, so nobody may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from dashboard.bounds import MOST_ERRORS

Pairs = list[tuple[str, Any]]
Place = tuple[int | str, ...]


def refuse_repeated_keys(raw: bytes, title: str) -> None:
    """Raise ValidationError, naming each key that an object of the document gives twice.

    The document must have been read before: what is here trusts it to be JSON, and not deep.
    """
    try:
        json.loads(raw, object_pairs_hook=once)
    except RepeatedKey:
        read = json.loads(raw, object_pairs_hook=_Object)
        places = islice(_repeated(read, ()), MOST_ERRORS)
        raise ValidationError.from_exception_data(title, [_error(one) for one in places]) from None


class RepeatedKey(Exception):
    """An object gives a key twice."""


class _Object(list[tuple[str, Any]]):
    """An object with all its pairs, apart from a list."""


def once(pairs: Pairs) -> dict[str, Any]:
    """Return the pairs of an object; raise RepeatedKey. For json's `object_pairs_hook`."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RepeatedKey
    return found


def _repeated(value: Any, place: Place) -> Iterator[Place]:
    if isinstance(value, _Object):
        seen: set[str] = set()
        for key, inner in value:
            if key in seen:
                yield (*place, key)
            seen.add(key)
            yield from _repeated(inner, (*place, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _repeated(inner, (*place, index))


def _error(place: Place) -> InitErrorDetails:
    told = PydanticCustomError("repeated_key", "Sent twice: send it once")
    return InitErrorDetails(type=told, loc=place, input=None)
