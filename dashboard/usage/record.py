"""Record usage: a batch is accepted as a whole or not at all, each key once.

Nobody's bill is touched and nobody's invoice locked, so senders do not wait for each other: the
records are written with their keys and with what they come to, and that is counted when somebody
looks, or by the folder (`billing.fold`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from dashboard.billing.fold import count_waiting, count_what_fits
from dashboard.billing.locks import lock_open
from dashboard.billing.roll import CycleCannotOpen, open_invoices
from dashboard.errors import Busy
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.usage.books import Books
from dashboard.usage.entry import BatchRefused, BatchResult, Problem, UsageEntry, quantity_problem
from dashboard.usage.resolve import Fact, Resolver, Unresolved
from dashboard.usage.shelf import Shelf
from dashboard.usage.store import (
    Counted,
    Outdated,
    OwnedKey,
    accept,
    add,
    read_counted,
    unclaim,
)

TRIES = 3
_shelf = Shelf()


def record_batch(entries: Sequence[UsageEntry], *, now: datetime) -> BatchResult:
    """Accept `entries`, to be counted when the bill is next looked at; a known key is skipped.

    One statement for any number of records of any number of organizations, and a few where the
    books of one are not kept. Raises BatchRefused, with every entry that can not be counted by
    index; nothing is recorded then.
    """
    slugs, meters = {one.organization for one in entries}, {one.meter for one in entries}
    kept = _shelf.kept(slugs, meters)
    if kept is not None:
        # Nobody is refused by what may have changed.
        with suppress(Outdated, BatchRefused):
            return _record(entries, kept, now)
    for _ in range(TRIES):
        books = _open_books(entries, slugs, meters, now)
        with suppress(Outdated):
            return _record(entries, books, now)
    raise Busy("The services keep changing. Nothing was recorded. Send it again.")


def usual(entries: Sequence[UsageEntry], *, now: datetime) -> tuple[list[Fact], Books] | None:
    """Return what the kept books bill `entries` by; None if there is anything to be said of them.

    It asks nothing of the database: whoever writes them makes sure that the books hold.
    """
    kept = _shelf.kept({one.organization for one in entries}, {one.meter for one in entries})
    if kept is None:
        return None
    batch = _Batch(entries, kept, now)
    batch.read()
    facts = list(batch.facts.values())
    is_usual = len(facts) == len(entries) and all(fact.is_modest for fact in facts)
    return (facts, kept) if is_usual else None


def _record(entries: Sequence[UsageEntry], books: Books, now: datetime) -> BatchResult:
    batch = _Batch(entries, books, now)
    batch.read()
    facts = batch.fresh()
    if facts:
        dear = {fact.account.id for fact in facts.values() if not fact.is_modest}
        if dear:
            _accept_and_count(batch, facts, dear)
        else:
            batch.accept(facts)
    return BatchResult(recorded=batch.recorded, duplicates=sorted(batch.repeated))


@dataclass(slots=True)
class _Batch:
    """What becomes of each entry of a batch, by its index."""

    entries: Sequence[UsageEntry]
    books: Books
    now: datetime
    # The first entry with each key, what it is billed by or why it is not, and what else is wrong.
    first: dict[OwnedKey, int] = field(default_factory=dict)
    facts: dict[int, Fact] = field(default_factory=dict)
    unresolved: dict[int, Problem] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    # Entries that say again what one before them in the batch, or one counted before, said.
    again: list[tuple[int, OwnedKey]] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    recorded: int = 0

    def read(self) -> None:
        """Resolve every entry."""
        resolver = Resolver(self.books, now=self.now)
        for index, entry in enumerate(self.entries):
            account = self.books.accounts.get(entry.organization)
            wrong = quantity_problem(index, entry.quantity)
            if wrong is not None:
                self.problems.append(wrong)
            elif account is None:
                self.problems.append(unknown_organization(index, entry))
            elif self.first.setdefault(key := (account.id, entry.key), index) != index:
                self.again.append((index, key))
            else:
                try:
                    self.facts[index] = resolver.fact(entry, account)
                except Unresolved as why:
                    self.unresolved[index] = why.at(index)

    def fresh(self) -> dict[int, Fact]:
        """Return the facts to write; raise BatchRefused if an entry can not be counted.

        What was counted before is not refused for having grown old since.
        """
        counted: dict[OwnedKey, Counted] = {}
        if self.unresolved or self.problems:
            counted = read_counted(self.first.keys())
            known = {index for key, index in self.first.items() if key in counted}
            self.problems += [why for at, why in self.unresolved.items() if at not in known]
            self.facts = {at: fact for at, fact in self.facts.items() if at not in known}
            self.again += [(index, key) for key, index in self.first.items() if index in known]
        self._compare(self.again, counted)
        return self.facts

    def accept(self, facts: dict[int, Fact]) -> None:
        """Write the facts but for what was counted before; raise BatchRefused as `fresh` does."""
        claimed = accept(facts.values(), self.books, now=self.now)
        self.recorded = len(claimed)
        if len(claimed) == len(facts):
            return
        keys = {at: (fact.account.id, fact.entry.key) for at, fact in facts.items()}
        others = [(at, key) for at, key in keys.items() if key not in claimed]
        try:
            self._compare(others, read_counted([key for _, key in others]))
        except BatchRefused:
            unclaim(claimed)
            raise
        add([fact for at, fact in facts.items() if keys[at] in claimed], now=self.now)

    def _compare(
        self, others: Collection[tuple[int, OwnedKey]], counted: dict[OwnedKey, Counted]
    ) -> None:
        """Tell repetitions from keys that stand for something else; raise BatchRefused."""
        for index, key in others:
            entry, earlier = self.entries[index], self.entries[self.first[key]]
            stands_for = counted.get(key) or Counted(earlier.fingerprint, None)
            problem = _key_problem(index, entry, stands_for)
            if problem is None:
                self.repeated.append(index)
            else:
                self.problems.append(problem)
        if self.problems:
            raise BatchRefused(self.problems)


def unknown_organization(index: int, entry: UsageEntry) -> Problem:
    """Return the problem of an entry of nobody, or of somebody the sender may not know of."""
    detail = f"There is no organization {entry.organization}."
    return Problem(index, "organization", "unknown_organization", detail)


def _key_problem(index: int, entry: UsageEntry, stands_for: Counted) -> Problem | None:
    if stands_for.fingerprint != entry.fingerprint:
        detail = f"The key {entry.key} was used for another record. Use a new key."
        return Problem(index, "key", "key_reused", detail)
    if stands_for.taken_off is None:
        return None
    if stands_for.taken_off != "not_attached":
        detail = "It was accepted and then taken off the bill: it would make the line too large."
        return Problem(index, "quantity", stands_for.taken_off, detail)
    detail = (
        "It was counted and then taken off the bill: the service was detached before "
        f"{entry.recorded_at.isoformat()}. Attach the service for that time to count it again."
    )
    return Problem(index, "recorded_at", stands_for.taken_off, detail)


def _open_books(
    entries: Sequence[UsageEntry], slugs: set[str], meters: set[str], now: datetime
) -> Books:
    """Return the books as they are, after the cycles have begun that entries belong to.

    The clock opens them too, a moment after they begin; until then the first usage does.
    """
    books = _shelf.read(slugs, meters, now=now)
    ends = {slug: one.cycles[0].ends_at for slug, one in books.accounts.items() if one.cycles}
    over = {
        entry.organization
        for entry in entries
        if entry.organization in ends and ends[entry.organization] <= min(entry.recorded_at, now)
    }
    if not over:
        return books
    _roll(over, entries, now)
    return _shelf.read(slugs, meters, now=now)


def _roll(slugs: Collection[str], entries: Sequence[UsageEntry], now: datetime) -> None:
    """Open the cycles of now; one that can not open is a problem of its own entries."""
    found = db.session.scalars(select(Organization).where(Organization.slug.in_(slugs)))
    try:
        open_invoices(found.all(), now=now)
        db.session.flush()
    except CycleCannotOpen as why:
        raise BatchRefused(
            [
                Problem(index, "organization", why.code, why.message)
                for index, entry in enumerate(entries)
                if entry.organization == why.slug
            ]
        ) from None


def _accept_and_count(batch: _Batch, facts: dict[int, Fact], organization_ids: set[int]) -> None:
    """Accept units of which some are so many that a line may not hold them, and count them now.

    Raises BatchRefused with each entry of a price that they are too much for.
    """
    locked = lock_open(organization_ids)
    count_waiting(locked, now=batch.now)
    with db.session.begin_nested():
        batch.accept(facts)
        too_much = {
            (count.cycle_id, version_id): why
            for count, why in count_what_fits(locked, now=batch.now)
            for version_id in count.version_ids
        }
        if too_much:
            raise BatchRefused(
                [
                    Problem(index, "quantity", why.code, why.message)
                    for index, fact in facts.items()
                    if (why := too_much.get((fact.cycle_id, fact.version.id)))
                ]
            )
