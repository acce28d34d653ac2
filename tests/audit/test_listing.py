"""The audit trail as it is downloaded."""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import QueuePool

from dashboard.audit import listing
from dashboard.audit.listing import AuditFilter, every_entry
from dashboard.audit.write import write_entry
from dashboard.transaction import transaction
from tests.factories import NOW, SUPPORT, make_organization

LOOKED = AuditFilter(action="organization.looked_at")


def look(db: SQLAlchemy, times: int) -> None:
    """Have an organization looked at so often."""
    organization = make_organization()
    for _ in range(times):
        write_entry("organization.looked_at", organization, SUPPORT, now=NOW)


def test_a_download_that_is_read_slowly_holds_no_connection(db: SQLAlchemy, monkeypatch) -> None:
    monkeypatch.setattr(listing, "EXPORT_BATCH", 2)
    with transaction():
        look(db, 5)
    pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    db.session.remove()
    lines = every_entry(LOOKED)
    held = [pool.checkedout() for _ in lines]
    assert held == [0] * 5


def test_what_is_added_meanwhile_neither_shifts_nor_repeats_a_line(
    db: SQLAlchemy, monkeypatch
) -> None:
    monkeypatch.setattr(listing, "EXPORT_BATCH", 2)
    with transaction():
        look(db, 5)
    lines = every_entry(LOOKED)
    read = [next(lines).id]
    with transaction():
        write_entry("organization.looked_at", make_organization("other"), SUPPORT, now=NOW)
    read += [line.id for line in lines]
    assert len(read) == 5
    assert read == sorted(read, reverse=True)
