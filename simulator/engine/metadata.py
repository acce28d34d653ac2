"""Stripe's rules for metadata: merge by key, a blank value takes the key away, a blank hash all."""

from __future__ import annotations

from typing import Any

from simulator.engine.errors import invalid

MOST_KEYS = 50
LONGEST_KEY = 40
LONGEST_VALUE = 500


def merged(current: dict[str, str], given: Any, *, param: str = "metadata") -> dict[str, str]:
    """Return `current` with `given` merged in; None changes nothing. Raises 400 out of bounds."""
    if given is None:
        return current
    if given == "":
        return {}
    for key, value in given.items():
        _check(key, value, param)
    result = {key: value for key, value in {**current, **given}.items() if value != ""}
    if len(result) > MOST_KEYS:
        raise invalid(f"Metadata can have at most {MOST_KEYS} keys.", param=param)
    return result


def _check(key: str, value: str, param: str) -> None:
    if len(key) > LONGEST_KEY:
        raise invalid(
            f"Invalid metadata: keys are at most {LONGEST_KEY} characters long ({key}).",
            param=param,
        )
    if len(value) > LONGEST_VALUE:
        raise invalid(
            f"Metadata values can have up to {LONGEST_VALUE} characters, but you passed in a value "
            f"that is {len(value)} characters.",
            param=f"{param}[{key}]",
        )
