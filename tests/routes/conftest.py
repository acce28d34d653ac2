"""The same two organizations and people as the view tests have."""

from tests.views.conftest import acme, admin, client, customer, people, support

__all__ = ["acme", "admin", "client", "customer", "people", "support"]
