"""What an entry of the audit trail keeps, as a table of before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dashboard.audit.listing import AuditLine
from dashboard.views.audit_words import fact_in_words

# Where two values are what something was and what it is.
_PAIRS = {"person.role_changed", "person.email_changed", "membership.changed"}


class Fact(NamedTuple):
    """One fact in words; `before` is None where nothing was, or nothing says what was."""

    name: str
    before: str | None
    after: str | None


def facts_of(line: AuditLine) -> list[Fact]:
    """Return the facts of an entry, what changed first."""
    found = [one for one in _pairs(line, line.entry.facts) if one[1:] != (None, None)]
    return sorted(found, key=lambda fact: fact.before is None)


def _pairs(line: AuditLine, facts: Mapping[str, Any]) -> Iterator[Fact]:
    taken = {"currency"}
    for before, after in (("before", "after"), ("from", "to")):
        if before in facts and after in facts:
            taken |= {before, after}
            yield from _changed(line, facts[before], facts[after])
    for name, value in facts.items():
        if name in taken or (name.endswith("_before") and name.removesuffix("_before") in facts):
            continue
        earlier = facts.get(f"{name}_before")
        if line.entry.action in _PAIRS and isinstance(value, list) and len(value) == 2:
            earlier, value = value
        yield Fact(_named(name), _words(name, earlier, line), _words(name, value, line))


def _changed(line: AuditLine, before: Any, after: Any) -> Iterator[Fact]:
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        name = "Quantity" if line.entry.action == "service.changed" else "State"
        yield Fact(name, _words("state", before, line), _words("state", after, line))
        return
    for name in {**before, **after}:
        told = (_words(name, one.get(name), line) for one in (before, after))
        yield Fact(_named(name), *told)


def _named(name: str) -> str:
    return name.removesuffix("_cents").replace("_", " ").capitalize()


def _words(name: str, value: Any, line: AuditLine) -> str | None:
    if value in (None, "", [], {}):
        return None
    currency = line.entry.facts.get("currency") or line.currency
    return fact_in_words(name, value, currency)
