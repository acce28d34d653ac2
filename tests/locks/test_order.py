"""Each verb by itself: which locks it takes, and in which order."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event, text

import dashboard
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.locks.stage import Stage, make_stage
from tests.locks.statements import locks_taken
from tests.locks.verbs import VERBS, act

HOUSE = Path(dashboard.__file__).parent
DOOR = HOUSE / "billing" / "locks.py"
# What takes a lock; `lock_open` and its like are in the one file that may.
TAKE = {
    "share_price", "hold_invoice", "lock_row", "lock_invoice", "lock_invoices", "lock_open",
    "for_change",
}  # fmt: skip
ORDER = (
    "bulk_actions", "proposals", "prices", "organizations", "invoices", "sync_leases", "sync_runs",
)  # fmt: skip
# Rows of an invoice that are only written by whoever holds it; among them the order is free.
UNDER_THE_INVOICE = {
    "invoice_items", "usage_totals", "usage_habits", "synced_lines", "foreign_lines",
    "subscription_lines",
}  # fmt: skip
# A plain insert waits for nobody; these meet a row that is there.
UPSERTS = ("sync_leases", "usage_totals", "usage_habits")
# Columns of whole unique indexes on rows that others refer to. Setting one of them holds up
# whoever adds a row: give a column that is ever changed a partial index instead.
NEVER_CHANGED = {
    "adjustments": {"organization_id", "idempotency_key", "reverses_id"},
    "api_tokens": {"token_hash"},
    "billing_cycles": {"organization_id", "sequence", "starts_at"},
    "budget_alerts": {"organization_id", "cycle_id", "budget_cents", "kind", "percent"},
    "corrections": {"stripe_id"},
    "credit_notes": {"organization_id", "idempotency_key", "stripe_id"},
    "reissues": {"organization_id", "idempotency_key", "note_id"},
    "invitations": {"secret_hash"},
    "invoice_items": {"invoice_id", "key", "carried_from_id", "kind"},
    "invoices": {"organization_id", "sequence", "previous_invoice_id"},
    "organizations": {"slug", "external_id"},
    "outgoing_events": {"name", "occasion"},
    "price_versions": {"price_id", "effective_at"},
    "prices": {"code"},
    "services": {"organization_id", "external_id", "attached_at"},
    "sync_runs": set(),
    "unusual_usage": {"organization_id", "product", "began_on"},
    "users": {"email"},
}
KEY_COLUMNS = """
    select cl.relname, a.attname
    from pg_index i
    join pg_class cl on cl.oid = i.indrelid
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indisunique and not i.indisprimary and i.indpred is null
      and i.indrelid in (select confrelid from pg_constraint where contype = 'f')
"""


@dataclass
class Watched:
    """The locks of each transaction, in order, and the functions that were on the way to them."""

    transactions: list[list[tuple[str, str]]] = field(default_factory=lambda: [[]])
    through: set[tuple[str, str]] = field(default_factory=set)

    @property
    def locks(self) -> list[tuple[str, str]]:
        """Every lock."""
        return [lock for one in self.transactions for lock in one]


@contextmanager
def watching(engine: Engine) -> Iterator[Watched]:
    """Note the locks that are taken while the block runs."""
    watched = Watched()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        taken = locks_taken(statement)
        if taken is not None:
            watched.transactions[-1].append(taken)
            frame = sys._getframe()
            while frame is not None:
                watched.through.add((frame.f_code.co_filename, frame.f_code.co_name))
                frame = frame.f_back

    def end(_connection: Any) -> None:
        watched.transactions.append([])

    listeners = (("before_cursor_execute", note), ("commit", end), ("rollback", end))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield watched
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def first_touches(taken: list[tuple[str, str]]) -> list[str]:
    """Return the tables of a transaction in the order in which it first locked a row of each."""
    waits = [table for table, how in taken if how != "INSERT INTO" or table in UPSERTS]
    return list(dict.fromkeys(waits))


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_takes_its_locks_in_the_one_order(stage: Stage, name: str) -> None:
    with watching(db.engine) as watched, transaction():
        act(name, stage)
    for taken in watched.transactions:
        touched = first_touches(taken)
        ordered = [table for table in touched if table in ORDER]
        assert ordered == sorted(ordered, key=ORDER.index), taken
        if UNDER_THE_INVOICE & set(touched):
            first = min(touched.index(table) for table in UNDER_THE_INVOICE & set(touched))
            assert "invoices" in touched[:first], taken
    shared = {table for table, how in watched.locks if how == "SHARE"}
    assert shared <= {"prices"}
    assert {how for table, how in watched.locks if table not in shared} <= {
        "NO KEY UPDATE", "UPDATE", "INSERT INTO", "DELETE FROM"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["preview a roll", "preview a sync", "preview a replay"])
def test_who_looks_waits_for_nobody_and_holds_up_nobody(stage: Stage, name: str) -> None:
    for prepare in ("sync", "close"):
        with transaction():
            act(prepare, stage)
    everything = "lock table organizations, invoices, invoice_items, sync_runs, sync_leases"
    with db.engine.begin() as writer:
        writer.execute(text(f"{everything} in exclusive mode"))
        with watching(db.engine) as watched, transaction():
            VERBS[name](stage)
    assert [table for table, _ in watched.locks if table != "webhook_events"] == []


def test_every_place_that_takes_a_lock_is_on_the_way_of_a_verb(
    impatient: SQLAlchemy, stage: Stage
) -> None:
    places = {
        (str(path), function)
        for path in HOUSE.rglob("*.py")
        if path != DOOR and "simulator" not in path.parts
        for function in functions_that_lock(path)
    }
    assert places
    with watching(db.engine) as watched:
        for name in VERBS:
            # What Stripe did or tells ends the bill that the next verb would need.
            ends = name.startswith(("find", "hear", "bill", "write"))
            with transaction():
                act(name, make_stage(stage.gateway, stage.sample) if ends else stage)
    unseen = [f"{Path(path).relative_to(HOUSE)}: {name}" for path, name in places - watched.through]
    assert unseen == [], "give each of these a line in tests/locks/verbs.py"


def functions_that_lock(path: Path) -> Iterator[str]:
    """Yield the functions of a file that take a lock themselves."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            called = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
            if any(isinstance(one, ast.Name) and one.id in TAKE for one in called):
                yield node.name


def test_only_one_file_locks_rows_of_the_ledger_and_one_those_of_people() -> None:
    # The mails lock nothing else, and nothing but they locks them.
    # Proposals come before the ledger's rows.
    doors = (
        DOOR,
        HOUSE / "accounts" / "locks.py",
        HOUSE / "approvals" / "locks.py",
        HOUSE / "mail" / "outbox.py",
        # A row of its own, before all others, or alone.
        HOUSE / "restores" / "models.py",
        # An endpoint, before its deliveries; its transaction holds nothing of the ledger.
        HOUSE / "outgoing" / "queue.py",
    )
    elsewhere = [
        str(path.relative_to(HOUSE))
        for path in HOUSE.rglob("*.py")
        if path not in doors and "with_for_update" in path.read_text()
    ]
    assert elsewhere == []


def test_what_others_refer_to_is_never_changed_under_them(db: SQLAlchemy) -> None:
    found: dict[str, set[str]] = {}
    for table, column in db.session.execute(text(KEY_COLUMNS)):
        found.setdefault(table, set()).add(column)
    assert {table: columns - NEVER_CHANGED[table] for table, columns in found.items()} == {
        table: set() for table in found
    }
