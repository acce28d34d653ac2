"""JSON kept small: events and stored replies are many, alike, and rarely read."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

_SEPARATORS = (",", ":")
_FASTEST = 1


def dump(value: Any) -> str:
    """Return `value` as compact JSON."""
    return json.dumps(value, separators=_SEPARATORS)


def pack(value: Any) -> str:
    """Return `value` as compressed JSON in text that can itself sit in a JSON document."""
    return base64.b64encode(zlib.compress(dump(value).encode(), _FASTEST)).decode()


def unpack(text: str) -> Any:
    """Return the value that `pack` was given."""
    return json.loads(zlib.decompress(base64.b64decode(text)))
