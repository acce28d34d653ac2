"""Who proposes and who decides, about an organization with an empty bill."""

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.audit.actor import Actor
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.support.proposals import person


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """An organization with an empty bill."""
    with transaction():
        return make_organization("acme")


@pytest.fixture
def sam(db: SQLAlchemy) -> Actor:
    """Who proposes."""
    return person("sam@example.com")


@pytest.fixture
def ada(db: SQLAlchemy) -> Actor:
    """Who decides."""
    return person("ada@example.com")
