"""An organization whose members are looked after."""

import pytest
from flask_sqlalchemy import SQLAlchemy

from dashboard.organizations.models import Organization
from tests.factories import make_organization


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """The organization whose members are managed."""
    return make_organization("acme")
