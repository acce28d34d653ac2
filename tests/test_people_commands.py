"""`flask people …`: for the first admin, and for when nobody can sign in."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from click.testing import Result
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from dashboard.app import create_app
from dashboard.extensions import db as database
from dashboard.transaction import transaction
from tests.factories import UserFactory, make_organization
from tests.people import browser_of
from tests.support.environment import config
from tests.support.services import Worker


def run(app: Flask, *arguments: str) -> Result:
    """Run `flask people` with these arguments."""
    return app.test_cli_runner().invoke(args=["people", *arguments])


def opens(app: Flask, told: Result) -> bool:
    """Whether the link that a command printed opens a page."""
    parts = urlsplit(told.output.split()[-1])
    return browser_of(app).get(f"{parts.path}?{parts.query}").status_code == 200


def test_the_link_of_the_first_admin_is_printed_and_opens(app: Flask, db: SQLAlchemy) -> None:
    told = run(app, "invite", " Ada@Example.com", "--role", "admin")
    assert told.exit_code == 0
    assert "ada@example.com becomes admin with this link. It works once" in told.output
    assert opens(app, told)


def test_a_customer_is_invited_to_an_organization(app: Flask, db: SQLAlchemy) -> None:
    with transaction():
        make_organization("acme")
    assert run(app, "invite", "c@example.com", "--role", "customer", "--organization", "acme")
    refused = run(app, "invite", "c@example.com", "--role", "customer")
    assert refused.exit_code == 1
    assert "Enter the organization" in refused.output


def test_people_are_listed_reset_and_shut_out(app: Flask, db: SQLAlchemy) -> None:
    with transaction():
        UserFactory(email="ada@example.com", role="admin", name="Ada")
        UserFactory(email="ben@example.com", role="support", name="Ben")
    assert opens(app, run(app, "reset", "ben@example.com"))
    assert "signed out everywhere" in run(app, "deactivate", "ben@example.com").output
    assert "(deactivated)" in run(app, "list").output
    refused = run(app, "deactivate", "ada@example.com")
    assert (refused.exit_code, "only admin" in refused.output) == (1, True)


@pytest.fixture
def nowhere(services: Worker) -> Iterator[Flask]:
    """The product with a database that does not answer."""
    built = create_app(config("postgresql://nobody@127.0.0.1:9/billing", services.redis_url))
    yield built
    with built.app_context():
        database.engine.dispose()


@pytest.mark.parametrize(
    "arguments",
    [
        ("invite", "ada@example.com", "--role", "admin"),
        ("list",),
        ("reset", "ada@example.com"),
        ("reset-factors", "ada@example.com"),
        ("deactivate", "ada@example.com"),
    ],
)
def test_a_database_that_does_not_answer_is_said_to_be_and_no_traceback(
    nowhere: Flask, arguments: tuple[str, ...]
) -> None:
    with nowhere.app_context():
        told = run(nowhere, *arguments)
    assert told.exit_code == 1
    assert isinstance(told.exception, SystemExit)
    assert "The database cannot be used" in told.output
    assert "refused" in told.output
    assert "doctor" in told.output
