"""Record usage: a batch counts as a whole or not at all, each key once, the items with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.billing.revision import touch_all
from dashboard.billing.roll import CycleCannotOpen, open_invoices
from dashboard.billing.targets import Targets
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.usage.bill import bill
from dashboard.usage.entry import BatchRefused, BatchResult, Problem, UsageEntry, quantity_problem
from dashboard.usage.resolve import Books, Fact, Unresolved
from dashboard.usage.store import (
    Counted,
    OwnedKey,
    add_records,
    add_totals,
    claim_keys,
    read_counted,
    totals_of,
)

Owned = dict[int, tuple[int, UsageEntry]]


def record_batch(entries: Sequence[UsageEntry], *, now: datetime) -> BatchResult:
    """Count `entries` and move the totals and items by their sums; a key counted before is skipped.

    A number of statements that does not depend on the size of the batch. Raises BatchRefused, with
    every entry that can not be counted by index, after undoing all of it.
    """
    with db.session.begin_nested():
        organizations = _organizations(entries)
        locked = _open_invoices(entries, organizations.values(), now)
        owned, problems = _owned(entries, organizations)
        fresh, repeated = _claim(owned, problems)
        facts = _resolve({index: owned[index] for index in fresh}, problems, now)
        if problems:
            raise BatchRefused(problems)
        _write(facts, locked, now)
        return BatchResult(recorded=len(facts), duplicates=repeated)


def _organizations(entries: Collection[UsageEntry]) -> dict[str, Organization]:
    slugs = {entry.organization for entry in entries}
    found = db.session.scalars(select(Organization).where(Organization.slug.in_(slugs)))
    return {organization.slug: organization for organization in found}


def _open_invoices(
    entries: Sequence[UsageEntry], organizations: Collection[Organization], now: datetime
) -> Sequence[Invoice]:
    """Return the locked open invoices; one that can not open is a problem of its own entries."""
    try:
        return open_invoices(organizations, now=now)
    except CycleCannotOpen as why:
        raise BatchRefused(
            [
                Problem(index, "organization", why.code, why.message)
                for index, entry in enumerate(entries)
                if entry.organization == why.slug
            ]
        ) from None


def _owned(
    entries: Sequence[UsageEntry], organizations: dict[str, Organization]
) -> tuple[Owned, list[Problem]]:
    """Return the entries by index with their organizations' ids, and what is wrong in itself."""
    owned: Owned = {}
    problems: list[Problem] = []
    for index, entry in enumerate(entries):
        wrong = quantity_problem(index, entry.quantity)
        organization = organizations.get(entry.organization)
        if wrong is not None:
            problems.append(wrong)
        elif organization is None:
            detail = f"There is no organization {entry.organization}."
            problems.append(Problem(index, "organization", "unknown_organization", detail))
        else:
            owned[index] = (organization.id, entry)
    return owned, problems


def _claim(owned: Owned, problems: list[Problem]) -> tuple[list[int], list[int]]:
    """Claim the keys; return the indexes of fresh entries and of repeated ones.

    A key that stands for something else, before or in this batch, is a problem.
    """
    first: dict[OwnedKey, int] = {}
    for index, (organization_id, entry) in owned.items():
        first.setdefault((organization_id, entry.key), index)
    claimed = claim_keys([owned[index] for index in first.values()]) if first else set()
    counted = read_counted(first.keys() - claimed)
    repeated: list[int] = []
    for index, (organization_id, entry) in owned.items():
        key = (organization_id, entry.key)
        if key in claimed and first[key] == index:
            continue
        stands_for = counted.get(key) or Counted(owned[first[key]][1].fingerprint, None)
        if stands_for.fingerprint != entry.fingerprint:
            detail = f"The key {entry.key} was used for another record. Use a new key."
            problems.append(Problem(index, "key", "key_reused", detail))
        elif stands_for.taken_off is not None:
            detail = (
                f"It was counted, and taken off again: the service was detached before "
                f"{entry.recorded_at.isoformat()}. Attach it for that time to put it back."
            )
            problems.append(Problem(index, "recorded_at", stands_for.taken_off, detail))
        else:
            repeated.append(index)
    fresh = [index for key, index in first.items() if key in claimed]
    return fresh, repeated


def _resolve(fresh: Owned, problems: list[Problem], now: datetime) -> dict[int, Fact]:
    if not fresh:
        return {}
    organization_ids = {organization_id for organization_id, _ in fresh.values()}
    books = Books(organization_ids, {entry.meter for _, entry in fresh.values()}, now=now)
    facts: dict[int, Fact] = {}
    for index, (organization_id, entry) in fresh.items():
        try:
            facts[index] = books.fact(entry, organization_id, now=now)
        except Unresolved as why:
            problems.append(why.at(index))
    return facts


def _write(facts: Mapping[int, Fact], locked: Collection[Invoice], now: datetime) -> None:
    if not facts:
        return
    add_records(facts.values(), now=now)
    add_totals(totals_of(facts.values()))
    targets = Targets.load(locked, {fact.cycle for fact in facts.values()})
    touch_all(bill(facts, targets, now=now), now=now)
