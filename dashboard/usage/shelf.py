"""Books that are kept from one batch to the next, and used while the database says they hold.

Organizations report the same meters all the time, and reading what these are billed by costs as
much as writing the records. The statement that writes a batch compares the revisions of the kept
books with the rows, in its own snapshot, and writes nothing under others (`usage.store`): a copy
that has grown old costs a second reading, and never a wrong record. Nothing is refused by a copy.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from threading import Lock

from dashboard.transaction import after_commit
from dashboard.usage.books import Account, Books, PriceVersions, read_books

# About a hundred bytes each.
MOST_SERVICES = 200_000


class Shelf:
    """The books of this process."""

    def __init__(self, *, most_services: int = MOST_SERVICES) -> None:
        self._most = most_services
        self._lock = Lock()
        self._accounts: dict[str, Account] = {}
        self._versions: dict[str, PriceVersions] = {}
        self._services = 0
        self._forgotten_until: datetime | None = None

    def kept(self, slugs: Collection[str], meters: Collection[str]) -> Books | None:
        """Return the kept books of these organizations and meters; None if some are not there."""
        accounts: dict[str, Account] = {}
        wanted = set(meters)
        for slug in slugs:
            account = self._accounts.get(slug)
            if account is None or not account.services.keys() >= wanted:
                return None
            accounts[slug] = account
        versions = {meter: self._versions[meter] for meter in meters if meter in self._versions}
        whole = len(versions) == len(meters)
        return Books(accounts, versions, self._forgotten_until) if whole else None

    def read(self, slugs: Collection[str], meters: Collection[str], *, now: datetime) -> Books:
        """Return the books as they are now, and keep them once this transaction is committed.

        It may have opened a cycle that is in them. Undone, that cycle would be nobody's, its number
        perhaps that of another one later, and the revisions would not tell.
        """
        books = read_books(slugs, meters, now=now)
        after_commit(lambda: self._keep(books))
        return books

    def _keep(self, books: Books) -> None:
        with self._lock:
            if self._services > self._most:
                self._accounts, self._versions, self._services = {}, {}, 0
            for slug, account in books.accounts.items():
                self._services += 1 + sum(len(some) for some in account.services.values())
                self._accounts[slug] = account.with_more_of(self._accounts.get(slug))
            self._versions |= books.versions
            # Of nobody it is not told.
            self._forgotten_until = books.forgotten_until or self._forgotten_until
