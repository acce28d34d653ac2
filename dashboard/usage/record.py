"""Record usage: a batch counts as a whole or not at all, each key once, the items with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.locks import lock_open
from dashboard.billing.metered import Usage, add_usage
from dashboard.billing.models import Invoice
from dashboard.billing.revision import touch_all
from dashboard.billing.roll import roll_over
from dashboard.billing.targets import Targets
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.pricing.exact import EXACT
from dashboard.usage.entry import BatchRefused, BatchResult, Problem, UsageEntry, quantity_problem
from dashboard.usage.resolve import Books, Fact, Unresolved
from dashboard.usage.store import (
    OwnedKey,
    add_records,
    add_totals,
    claim_keys,
    read_fingerprints,
)

Owned = dict[int, tuple[int, UsageEntry]]


def record_batch(entries: Sequence[UsageEntry], *, now: datetime) -> BatchResult:
    """Count `entries` and move the totals and items by their sums; a key counted before is skipped.

    A number of statements that does not depend on the size of the batch. Raises BatchRefused, with
    every entry that can not be counted by index, after undoing all of it.
    """
    with db.session.begin_nested():
        organizations = _organizations(entries)
        locked = _lock(organizations.values(), now)
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


def _lock(organizations: Collection[Organization], now: datetime) -> Sequence[Invoice]:
    """Lock the open invoices; where the clock has not yet rolled a cycle that is over, roll it."""
    by_id = {organization.id: organization for organization in organizations}
    locked = lock_open(by_id.keys())
    over = [one for one in locked if one.status == "draft" and one.period_end <= now]
    for invoice in over:
        roll_over(by_id[invoice.organization_id], now=now)
    return lock_open(by_id.keys()) if over else locked


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
    counted = read_fingerprints(first.keys() - claimed)
    repeated: list[int] = []
    for index, (organization_id, entry) in owned.items():
        key = (organization_id, entry.key)
        if key in claimed and first[key] == index:
            continue
        stands_for = counted.get(key) or owned[first[key]][1].fingerprint
        if stands_for == entry.fingerprint:
            repeated.append(index)
        else:
            detail = f"The key {entry.key} was used for another record. Use a new key."
            problems.append(Problem(index, "key", "key_reused", detail))
    fresh = [index for key, index in first.items() if key in claimed]
    return fresh, repeated


def _resolve(fresh: Owned, problems: list[Problem], now: datetime) -> list[Fact]:
    if not fresh:
        return []
    organization_ids = {organization_id for organization_id, _ in fresh.values()}
    books = Books(organization_ids, {entry.meter for _, entry in fresh.values()}, now=now)
    facts: list[Fact] = []
    for index, (organization_id, entry) in fresh.items():
        try:
            facts.append(books.fact(entry, organization_id, now=now))
        except Unresolved as why:
            problems.append(why.at(index))
    return facts


def _write(facts: Collection[Fact], locked: Collection[Invoice], now: datetime) -> None:
    if not facts:
        return
    add_records(facts, now=now)
    add_totals(facts)
    targets = Targets.load(locked, {fact.cycle for fact in facts})
    units: dict[Usage, dict[Invoice, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for fact in facts:
        sums = units[Usage(fact.cycle, fact.version)]
        invoice = targets.at(fact.cycle, fact.entry.recorded_at)
        sums[invoice] = EXACT.add(sums[invoice], fact.entry.quantity)
    touch_all(add_usage(list(units.items()), now=now), now=now)
