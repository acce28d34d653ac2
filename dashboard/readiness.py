"""Whether this process can serve: asked by /readyz, and by whoever wants to know why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cache

from alembic.script import ScriptDirectory
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dashboard.extensions import db
from dashboard.restores.held import why_comparing, why_held


@dataclass(frozen=True, slots=True)
class Part:
    """Something that serving rests on: how it is, and whether pages can be served with it so."""

    state: str
    serves: bool


IS_MIGRATED = text("select to_regclass('alembic_version') is not null")
AT = text("select version_num from alembic_version")
OK = Part("ok", serves=True)


def parts() -> Mapping[str, Part]:
    """Return everything that serving rests on, by name."""
    return {
        "database": database(),
        "instants": instants(),
        "ledger": ledger(),
        "migrations": migrations(),
        "redis": redis(),
    }


def database() -> Part:
    """Return whether the database answers."""
    try:
        db.session.execute(text("select 1"))
    except SQLAlchemyError as error:
        return Part(f"unreachable: {type(error).__name__}", serves=False)
    return OK


def instants() -> Part:
    """Return whether an instant arrives in UTC, whatever zone and style the server writes."""
    try:
        found = db.session.scalar(text("select now()"))
    except SQLAlchemyError as error:
        return Part(f"unreadable: {type(error).__name__}", serves=False)
    is_utc = found is not None and found.tzinfo is UTC
    return OK if is_utc else Part(f"not in UTC: {found}", serves=False)


def ledger() -> Part:
    """Return whether bills are closed and sent; pages and usage are served anyway."""
    try:
        comparing, why = why_comparing(), why_held()
    except SQLAlchemyError as error:
        db.session.rollback()
        return Part(f"unknown: {type(error).__name__}", serves=True)
    if comparing:
        return Part(f"compared with Stripe: {comparing}", serves=True)
    return OK if why is None else Part(f"held: {why}", serves=True)


def redis() -> Part:
    """Return whether Redis answers; without it pages and sign-in work, and jobs wait."""
    try:
        current_app.extensions["redis"].ping()
    except RedisError as error:
        return Part(f"unreachable: {type(error).__name__}; jobs wait until it is back", serves=True)
    return OK


def migrations() -> Part:
    """Return whether the database has every migration of this code.

    One that has more serves as well: a release is migrated while processes of the one before it
    still answer, and no migration breaks those.
    """
    wanted, known = revisions(current_app.extensions["migrate"].directory)
    try:
        found = db.session.scalar(AT) if db.session.scalar(IS_MIGRATED) else None
    except SQLAlchemyError as error:
        return Part(f"unknown: {type(error).__name__}", serves=False)
    if found == wanted:
        return OK
    if found is not None and found not in known and number(found) > number(wanted):
        return Part(f"at {found}, newer than this code, which needs {wanted}", serves=True)
    return Part(f"at {found}, needs {wanted}: run `flask --app wsgi db upgrade`", serves=False)


@cache
def revisions(directory: str) -> tuple[str, frozenset[str]]:
    """Return the newest revision that the code knows, and all of them."""
    scripts = ScriptDirectory(directory)
    known = frozenset(script.revision for script in scripts.walk_revisions())
    return str(scripts.get_current_head()), known


def number(revision: str) -> int:
    """Return the number that a revision of ours begins with; 0 for one of nobody we know."""
    digits = revision.partition("_")[0]
    return int(digits) if digits.isdecimal() else 0
