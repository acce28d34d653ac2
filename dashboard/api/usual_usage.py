"""Batches as nearly all are, read at once: plain ASCII, the fields as documented, nothing wrong.

Anything else is left to the documented model, which says what is wrong and where; what is read here
that model would read as the same. It takes a third of the time: docs/decisions/fold.md.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from dashboard.api.repeated_keys import RepeatedKey, once
from dashboard.api.schemas.types import exact, instant, within_reach
from dashboard.api.schemas.usage import MOST_RECORDS
from dashboard.usage.reported import ReportedRecord

NAMED = frozenset({"organization", "meter", "key", "quantity", "recorded_at", "service"})
UNNAMED = NAMED - {"service"}
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)


class Unusual(Exception):
    """It is for the model to say whether this is right, and what is wrong with it."""


def read_usual(raw: bytes) -> list[ReportedRecord] | None:
    """Return the records of a body; None for one that is unusual."""
    try:
        # As text: of bytes json guesses the encoding, and takes what the model refuses.
        body = json.loads(raw.decode(), object_pairs_hook=once)
        if type(body) is not dict or body.keys() != {"records"}:
            return None
        records = body["records"]
        if type(records) is not list or not 0 < len(records) <= MOST_RECORDS:
            return None
        instants: dict[str, datetime] = {}
        return [_entry(record, instants) for record in records]
    except (Unusual, RepeatedKey, ValueError, RecursionError):
        return None


def _entry(record: Any, instants: dict[str, datetime]) -> ReportedRecord:
    if type(record) is not dict or record.keys() not in (UNNAMED, NAMED):
        raise Unusual
    organization, at = record["organization"], record["recorded_at"]
    service = record.get("service")
    if type(organization) is not str or not _SLUG.fullmatch(organization) or type(at) is not str:
        raise Unusual
    if at not in instants:
        instants[at] = within_reach(instant(at))
    return ReportedRecord(
        organization,
        _plain(record["meter"], 63),
        _plain(record["key"], 200),
        exact(record["quantity"]),
        instants[at],
        None if service is None else _plain(service, 100),
    )


def _plain(text: Any, most: int) -> str:
    if type(text) is str and 0 < len(text) <= most and text.isascii() and text.isprintable():
        return text
    raise Unusual
