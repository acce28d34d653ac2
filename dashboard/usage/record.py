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
from dashboard.usage.reported import (
    BatchRefused,
    BatchResult,
    Problem,
    ReportedRecord,
    quantity_problem,
)
from dashboard.usage.resolve import ResolvedRecord, Resolver, Unresolved
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
from dashboard.usage.taken_off import CANCELED

TRIES = 3
_shelf = Shelf()


def record_batch(records: Sequence[ReportedRecord], *, now: datetime) -> BatchResult:
    """Accept `records`, to be counted when the bill is next looked at; a known key is skipped.

    One statement for any number of records of any number of organizations, and a few where the
    books of one are not kept. Raises BatchRefused, with every record that cannot be counted by
    index; nothing is recorded then.
    """
    slugs, meters = {one.organization for one in records}, {one.meter for one in records}
    kept = _shelf.kept(slugs, meters)
    if kept is not None:
        # Nobody is refused by what may have changed.
        with suppress(Outdated, BatchRefused):
            return _record(records, kept, now)
    for _ in range(TRIES):
        books = _open_books(records, slugs, meters, now)
        with suppress(Outdated):
            return _record(records, books, now)
    raise Busy("The services keep changing. Nothing was recorded. Send it again.")


def usual(
    records: Sequence[ReportedRecord], *, now: datetime
) -> tuple[list[ResolvedRecord], Books] | None:
    """Return what the kept books bill `records` by; None if there is anything to be said of them.

    It asks nothing of the database: whoever writes them makes sure that the books hold.
    """
    kept = _shelf.kept({one.organization for one in records}, {one.meter for one in records})
    if kept is None:
        return None
    batch = _Batch(records, kept, now)
    batch.read()
    resolved = list(batch.resolved.values())
    is_usual = len(resolved) == len(records) and all(record.is_modest for record in resolved)
    return (resolved, kept) if is_usual else None


def _record(records: Sequence[ReportedRecord], books: Books, now: datetime) -> BatchResult:
    batch = _Batch(records, books, now)
    batch.read()
    resolved = batch.fresh()
    if resolved:
        dear = {record.account.id for record in resolved.values() if not record.is_modest}
        if dear:
            _accept_and_count(batch, resolved, dear)
        else:
            batch.accept(resolved)
    return BatchResult(recorded=batch.recorded, duplicates=sorted(batch.repeated))


@dataclass(slots=True)
class _Batch:
    """What becomes of each record of a batch, by its index."""

    records: Sequence[ReportedRecord]
    books: Books
    now: datetime
    # The first record with each key, what it is billed by or why it is not, and what else is wrong.
    first: dict[OwnedKey, int] = field(default_factory=dict)
    resolved: dict[int, ResolvedRecord] = field(default_factory=dict)
    unresolved: dict[int, Problem] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    # Entries that say again what one before them in the batch, or one counted before, said.
    again: list[tuple[int, OwnedKey]] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    recorded: int = 0

    def read(self) -> None:
        """Resolve each record of the batch, or note what is wrong with it by its index."""
        resolver = Resolver(self.books, now=self.now)
        for index, record in enumerate(self.records):
            account = self.books.accounts.get(record.organization)
            wrong = quantity_problem(index, record.quantity)
            if wrong is not None:
                self.problems.append(wrong)
            elif account is None:
                self.problems.append(unknown_organization(index, record))
            elif self.first.setdefault(key := (account.id, record.key), index) != index:
                self.again.append((index, key))
            else:
                try:
                    self.resolved[index] = resolver.resolve(record, account)
                except Unresolved as why:
                    self.unresolved[index] = why.at(index)

    def fresh(self) -> dict[int, ResolvedRecord]:
        """Return the records to write; raise BatchRefused if a record cannot be counted.

        What was counted before is not refused for having grown old since.
        """
        counted: dict[OwnedKey, Counted] = {}
        if self.unresolved or self.problems:
            counted = read_counted(self.first.keys())
            known = {index for key, index in self.first.items() if key in counted}
            self.problems += [why for at, why in self.unresolved.items() if at not in known]
            self.resolved = {at: record for at, record in self.resolved.items() if at not in known}
            self.again += [(index, key) for key, index in self.first.items() if index in known]
        self._compare(self.again, counted)
        return self.resolved

    def accept(self, resolved: dict[int, ResolvedRecord]) -> None:
        """Write the records but for what was counted before; raise BatchRefused as `fresh` does."""
        claimed = accept(resolved.values(), self.books, now=self.now)
        self.recorded = len(claimed)
        if len(claimed) == len(resolved):
            return
        keys = {at: (record.account.id, record.reported.key) for at, record in resolved.items()}
        others = [(at, key) for at, key in keys.items() if key not in claimed]
        try:
            self._compare(others, read_counted([key for _, key in others]))
        except BatchRefused:
            unclaim(claimed)
            raise
        add([record for at, record in resolved.items() if keys[at] in claimed], now=self.now)

    def _compare(
        self, others: Collection[tuple[int, OwnedKey]], counted: dict[OwnedKey, Counted]
    ) -> None:
        """Tell repetitions from keys that stand for something else; raise BatchRefused."""
        for index, key in others:
            record, earlier = self.records[index], self.records[self.first[key]]
            stands_for = counted.get(key) or Counted(earlier.fingerprint, None)
            problem = _key_problem(index, record, stands_for)
            if problem is None:
                self.repeated.append(index)
            else:
                self.problems.append(problem)
        if self.problems:
            raise BatchRefused(self.problems)


def unknown_organization(index: int, record: ReportedRecord) -> Problem:
    """Return the problem of a record of nobody, or of somebody the sender may not know of."""
    detail = f"There is no organization {record.organization}."
    return Problem(index, "organization", "unknown_organization", detail)


def _key_problem(index: int, record: ReportedRecord, stands_for: Counted) -> Problem | None:
    if stands_for.fingerprint != record.fingerprint:
        detail = f"The key {record.key} was used for another record. Use a new key."
        return Problem(index, "key", "key_reused", detail)
    # A late repeat of what its sender canceled is in no one's way.
    if stands_for.taken_off in (None, CANCELED):
        return None
    if stands_for.taken_off != "not_attached":
        detail = "It was accepted and then taken off the bill: it would make the line too large."
        return Problem(index, "quantity", stands_for.taken_off, detail)
    detail = (
        "It was counted and then taken off the bill: the service was detached before "
        f"{record.recorded_at.isoformat()}. Attach the service for that time to count it again."
    )
    return Problem(index, "recorded_at", stands_for.taken_off, detail)


def _open_books(
    records: Sequence[ReportedRecord], slugs: set[str], meters: set[str], now: datetime
) -> Books:
    """Return the books as they are, after the cycles have begun that records belong to.

    The clock opens them too, a moment after they begin; until then the first usage does.
    """
    books = _shelf.read(slugs, meters, now=now)
    ends = {slug: one.cycles[0].ends_at for slug, one in books.accounts.items() if one.cycles}
    over = {
        record.organization
        for record in records
        if record.organization in ends and ends[record.organization] <= min(record.recorded_at, now)
    }
    if not over:
        return books
    _roll(over, records, now)
    return _shelf.read(slugs, meters, now=now)


def _roll(slugs: Collection[str], records: Sequence[ReportedRecord], now: datetime) -> None:
    """Open the cycles of now; one that cannot open is a problem of its own records."""
    found = db.session.scalars(select(Organization).where(Organization.slug.in_(slugs)))
    try:
        open_invoices(found.all(), now=now)
        db.session.flush()
    except CycleCannotOpen as why:
        raise BatchRefused(
            [
                Problem(index, "organization", why.code, why.message)
                for index, record in enumerate(records)
                if record.organization == why.slug
            ]
        ) from None


def _accept_and_count(
    batch: _Batch, resolved: dict[int, ResolvedRecord], organization_ids: set[int]
) -> None:
    """Accept units of which some are so many that a line may not hold them, and count them now.

    Raises BatchRefused with each record of a price that they are too much for.
    """
    locked = lock_open(organization_ids)
    count_waiting(locked, now=batch.now)
    with db.session.begin_nested():
        batch.accept(resolved)
        too_much = {
            (count.cycle_id, version_id): why
            for count, why in count_what_fits(locked, now=batch.now)
            for version_id in count.version_ids
        }
        if too_much:
            raise BatchRefused(
                [
                    Problem(index, "quantity", why.code, why.message)
                    for index, record in resolved.items()
                    if (why := too_much.get((record.cycle_id, record.version.id)))
                ]
            )
