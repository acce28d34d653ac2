"""Behind a pooler in transaction mode everybody gets the answer to their own question."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from dashboard.accounts.tokens import create_token
from dashboard.app import create_app
from dashboard.audit.actor import SYSTEM
from dashboard.audit.listing import AuditFilter, every_entry
from dashboard.audit.models import AuditEntry
from dashboard.audit.write import write_entry
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from dashboard.usage.partitions import ensure_partitions
from tests.factories import NOW, SUPPORT, make_organization
from tests.people import browser_of
from tests.support.database import copy_database
from tests.support.environment import config
from tests.support.pooler import pooled
from tests.support.services import Worker

SHARED = 2
THREADS = 8


@pytest.fixture(scope="module")
def address(services: Worker, tmp_path_factory) -> Iterator[str]:
    """A pooler that shares two connections among all who come."""
    with pooled(services.database_url, tmp_path_factory.mktemp("pooler"), size=SHARED) as url:
        yield url


@pytest.fixture(scope="module")
def behind(address: str, services: Worker) -> Iterator[Flask]:
    """The application behind the pooler."""
    built = create_app(config(address, services.redis_url))
    yield built
    with built.app_context():
        database.engine.dispose()
    built.extensions["redis"].close()


def swapped(one, other) -> list[str]:
    """Ask both until the driver would prepare, then ask the second over the first's connection."""

    def ask(connection, name: str) -> str:
        question = f"select 'ORG {name}' where %s::int = 1"
        return connection.cursor().execute(question, [1]).fetchone()[0]

    for _ in range(6):
        ask(one, "A")
        ask(other, "B")
    # The pooler lends the connection that came back last.
    other.commit()
    one.commit()
    return [ask(other, "B") for _ in range(6)]


def test_clients_as_the_driver_makes_them_get_each_other_s_answers(address):
    with psycopg.connect(address) as one, psycopg.connect(address) as other:
        assert swapped(one, other) == ["ORG A"] * 6


def test_clients_of_ours_get_their_own_answers(behind):
    with behind.app_context():
        one, other = database.engine.raw_connection(), database.engine.raw_connection()
        try:
            assert swapped(one, other) == ["ORG B"] * 6
        finally:
            one.close()
            other.close()


def test_many_callers_at_once_read_only_their_own_organization(behind, db, redis):
    secrets = {}
    with transaction():
        for slug in ("acme", "other", "third"):
            made = make_organization(slug)
            _, secrets[slug] = create_token(
                slug, ["organizations:read"], actor=SYSTEM, now=utc_now(), organization_id=made.id
            )

    def read(slug: str) -> tuple[int, object]:
        told = browser_of(behind).get(
            f"/api/v1/organizations/{slug}", headers={"Authorization": f"Bearer {secrets[slug]}"}
        )
        return told.status_code, told.json.get("slug")

    asked = [slug for _ in range(40) for slug in secrets]
    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(read, asked)) == [(200, slug) for slug in asked]


def test_a_download_and_the_months_are_made_over_shared_connections(behind, db):
    with transaction():
        organization = make_organization()
        for _ in range(600):
            write_entry("organization.looked_at", organization, SUPPORT, now=NOW)
    with behind.app_context():
        lines = every_entry(AuditFilter(action="organization.looked_at"))
        next(lines)
        with transaction():
            made = ensure_partitions(NOW + timedelta(days=400))
        assert len(list(lines)) == 599
        for name in made:
            database.session.execute(text(f"drop table {name}"))
        database.session.commit()


def test_two_downloads_at_once_are_not_mixed_up(behind, db):
    with transaction():
        for slug in ("acme", "other"):
            organization = make_organization(slug)
            for _ in range(600):
                write_entry("organization.looked_at", organization, SUPPORT, now=NOW)
    with behind.app_context():
        both = [every_entry(AuditFilter(slug=slug)) for slug in ("acme", "other")]
        pairs = list(zip(*both, strict=True))
    assert {(one.slug, other.slug) for one, other in pairs} == {("acme", "other")}


def test_a_database_is_migrated_through_the_pooler(services, tmp_path):
    name = "billing_behind_a_pooler"
    base, _, rest = services.database_url.partition("/billing_")
    postgres = f"{base}/{{database}}?{rest.split('?')[1]}"
    copy_database(postgres, "template1", name)
    with pooled(postgres.format(database=name), tmp_path, size=2) as url:
        app = create_app(config(url, services.redis_url))
        with app.app_context():
            upgrade()
            downgrade(revision="base")
            upgrade()
            assert database.session.scalar(select(AuditEntry.id)) is None
            database.session.remove()
            database.engine.dispose()
        app.extensions["redis"].close()
