"""A migrated, empty PostgreSQL cluster, kept in build/ until a migration changes.

Making it takes some seconds, copying it a fraction of one, and every test session needs it.
"""

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate, upgrade

from dashboard import models as _models  # noqa: F401  migrations compare with the metadata
from dashboard.extensions import db
from demo.embedded.postgres import EmbeddedPostgres
from tests.support.environment import with_driver

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "test-template"
TEMPLATE = "billing_template"


def restore_template(data: Path) -> None:
    """Lay a copy of the migrated cluster at `data`, making it first if the migrations changed."""
    kept = KEPT / migrations_hash()
    with alone():
        if not kept.exists():
            shutil.rmtree(KEPT / "postgres", ignore_errors=True)
            make_template(KEPT / "postgres")
            (KEPT / "postgres").rename(kept)
    data.parent.mkdir(parents=True, exist_ok=True)
    # cp and not shutil: as root the owner of the files must survive.
    subprocess.run(["cp", "-a", str(kept), str(data)], check=True)


def make_template(data: Path) -> None:
    """Make a cluster at `data` with one database in it, migrated to head."""
    server = EmbeddedPostgres(data, log=KEPT / "postgres.log", durable=False)
    server.start()
    try:
        server.create_database(TEMPLATE)
        migrate(server.url(TEMPLATE))
    finally:
        server.stop()


def migrate(database_url: str) -> None:
    """Bring the database to the head of the migrations."""
    app = migrations_app(database_url)
    with app.app_context():
        upgrade()
        db.engine.dispose()


def migrations_app(database_url: str) -> Flask:
    """Return an application that is the database and its migrations, nothing more."""
    app = Flask("migrations")
    app.config["SQLALCHEMY_DATABASE_URI"] = with_driver(database_url)
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    return app


def migrations_hash() -> str:
    """Return a short hash of every migration, so that a changed one makes a new template."""
    text = hashlib.sha256()
    for path in sorted((ROOT / "migrations").rglob("*.py")):
        text.update(path.read_bytes())
    return text.hexdigest()[:12]


@contextmanager
def alone() -> Iterator[None]:
    """Let one test session at a time make the template."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
