"""Where the simulator keeps its objects: dictionaries in memory, written to one SQLite file.

Reads never touch the file. `commit` writes what changed since the last one in one transaction, so a
killed process comes back with whole requests only. Without a path nothing is written at all.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from pathlib import Path
from typing import Any

from simulator.engine.packed import dump

Record = dict[str, Any]

_LAYOUT = """
CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID
"""
_UPSERT = """
INSERT INTO objects (kind, id, position, body) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body
"""


def new_id(prefix: str) -> str:
    """Return an unguessable id with Stripe's kind of prefix: `in_…`, `ii_…`, `cus_…`."""
    return f"{prefix}_{secrets.token_hex(12)}"


class Store:
    """Objects by kind and id, in the order in which they were first put."""

    def __init__(self, path: Path | None = None) -> None:
        self._kinds: dict[str, dict[str, Record]] = {}
        self._changed: dict[tuple[str, str], bool] = {}
        self._position = 0
        self._file = None if path is None else _open(path)
        if self._file is not None:
            self._load(self._file)

    def get(self, kind: str, identifier: str) -> Record | None:
        """Return the object itself, not a copy; `put` it after changing it."""
        return self._kinds.get(kind, {}).get(identifier)

    def all(self, kind: str) -> dict[str, Record]:
        """Return every object of `kind` by id, oldest first. Do not change the dictionary."""
        return self._kinds.setdefault(kind, {})

    def put(self, kind: str, record: Record) -> None:
        """Keep `record` under its own "id"."""
        self._kinds.setdefault(kind, {})[record["id"]] = record
        self._changed[kind, record["id"]] = True

    def remove(self, kind: str, identifier: str) -> None:
        """Forget the object; unknown ids are no error."""
        if self._kinds.get(kind, {}).pop(identifier, None) is not None:
            self._changed[kind, identifier] = False

    def commit(self) -> None:
        """Write everything changed since the last commit, all of it or nothing."""
        changed, self._changed = self._changed, {}
        if self._file is None or not changed:
            return
        kept, gone = [], []
        for (kind, identifier), present in changed.items():
            if present:
                self._position += 1
                body = dump(self._kinds[kind][identifier])
                kept.append((kind, identifier, self._position, body))
            else:
                gone.append((kind, identifier))
        with self._file:
            self._file.executemany(_UPSERT, kept)
            self._file.executemany("DELETE FROM objects WHERE kind = ? AND id = ?", gone)

    def clear(self) -> None:
        """Forget everything, on disk too."""
        self._kinds.clear()
        self._changed.clear()
        if self._file is not None:
            with self._file:
                self._file.execute("DELETE FROM objects")

    def close(self) -> None:
        """Write what is left and let go of the file."""
        self.commit()
        if self._file is not None:
            self._file.close()

    def _load(self, file: sqlite3.Connection) -> None:
        rows = file.execute("SELECT kind, id, position, body FROM objects ORDER BY position")
        for kind, identifier, position, body in rows:
            self._kinds.setdefault(kind, {})[identifier] = json.loads(body)
            self._position = position


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Calls are serialised by the simulator's own lock, so the connection may cross threads.
    file = sqlite3.connect(path, check_same_thread=False)
    file.execute("PRAGMA journal_mode = WAL")
    # The file must survive a killed process, not a power cut: it holds invented money.
    file.execute("PRAGMA synchronous = OFF")
    file.execute(_LAYOUT)
    return file
