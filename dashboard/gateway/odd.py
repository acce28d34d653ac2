"""What makes an object that Stripe sent one that can be read: each field holds what it should.

Signed events of an old version of the API, or of a field nobody thought of, must neither be taken
over in part nor be tried for ever: they are refused by name, before anything is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from dashboard.clock import from_timestamp
from dashboard.gateway.errors import OddObject
from dashboard.text import shown

Record = TypeVar("Record")
Json = Mapping[str, Any]

# What the database has room for: Stripe's ids have thirty characters, its words twenty.
MOST_OF_AN_ID = 64
MOST_OF_A_WORD = 40
MOST_OF_A_NUMBER = 40
LARGEST = 2**63 - 1
# The year 3000, as everywhere at the edges.
END_OF_TIME = 32_503_680_000
_IDS = ("id", "paid_by", "latest_revision", "from_invoice", "default_card", "subscription_id")
_WORDS = ("status", "kind", "interval")
_PLAIN = (str, int, bool, float, datetime, type(None))


def readable(what: str, parse: Callable[[], Record]) -> Record:
    """Return the record that `parse` makes of an event's object; raise `OddObject`."""
    try:
        record = parse()
        _check(record)
    except OddObject as odd:
        raise _odd(what, odd.message) from odd
    except KeyError as missing:
        raise _odd(what, f"it has no {missing.args[0]}") from missing
    except (TypeError, ValueError, AttributeError, ArithmeticError, OSError, IndexError) as wrong:
        raise _odd(what, "part of it does not have the form in Stripe's API") from wrong
    return record


def whole(data: Json, name: str) -> int:
    """Return a whole number, as all amounts are; raise `OddObject`."""
    value = data[name]
    if type(value) is not int or abs(value) > LARGEST:
        raise OddObject(f"its {name} is not a whole number")
    return value


def instant(data: Json, name: str) -> datetime | None:
    """Return an instant or None; raise `OddObject` for what is in no calendar."""
    seconds = data.get(name)
    if seconds is None:
        return None
    if type(seconds) is not int or not 0 <= seconds < END_OF_TIME:
        raise OddObject(f"its {name} is not an instant in seconds since 1970")
    return from_timestamp(seconds)


def moment(data: Json, name: str) -> datetime:
    """Return an instant that must be there; raise `OddObject`."""
    found = instant(data, name)
    if found is None:
        raise OddObject(f"it has no {name}")
    return found


def cut(value: Any, most: int) -> Any:
    """Return a text that only people read, cut to what its column has room for."""
    return shown(value, most=most) if isinstance(value, str) else value


def one_of(data: Json, name: str, known: tuple[str, ...]) -> str:
    """Return a word that means something here; raise `OddObject`."""
    value = data[name]
    if value not in known:
        raise OddObject(f"its {name} is not one that is known here")
    return str(value)


def _check(record: Any) -> None:
    for name, kinds in _kinds(type(record)):  # type: ignore[arg-type]  # a class can be hashed
        value = getattr(record, name)
        # In Python true is a number; as an amount, no column of the ledger takes it.
        if not isinstance(value, kinds) or (type(value) is bool and bool not in kinds):
            raise OddObject(f"its {name} does not have the form in Stripe's API")
        if isinstance(value, str) and len(value) > _room(name):
            raise OddObject(f"its {name} is too long")
        if isinstance(value, int) and abs(value) > LARGEST:
            raise OddObject(f"its {name} is too large")


def _room(name: str) -> int:
    if name in _IDS or name.endswith("_id"):
        return MOST_OF_AN_ID
    # Other texts are cut where they are told: people only read them.
    return MOST_OF_A_WORD if name in _WORDS else LARGEST


@cache
def _kinds(record: type) -> list[tuple[str, tuple[type, ...]]]:
    """Return the plain fields of such a record, and what each may hold."""
    hints = get_type_hints(record)
    found = [(one.name, hints[one.name]) for one in fields(record)]
    # A set of texts has an argument too, and is no text.
    kinds = [
        (name, get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,))
        for name, hint in found
    ]
    return [(name, some) for name, some in kinds if all(one in _PLAIN for one in some)]


def _odd(what: str, why: str) -> OddObject:
    return OddObject(
        f"The {what} in this event cannot be read: {why}. Nothing was changed. Look it up at "
        "Stripe. Its next event brings it up to date."
    )
