"""One factory per row; a factory adds and flushes, the test commits when others must see it."""

from datetime import UTC, datetime
from decimal import Decimal

import factory
from factory.alchemy import SQLAlchemyModelFactory

from dashboard.accounts.models import ApiToken, Membership, User
from dashboard.accounts.permissions import SCOPES
from dashboard.audit.actor import Actor
from dashboard.extensions import db
from dashboard.organizations.create import NewOrganization, create_organization
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price, PriceVersion
from dashboard.services.attach import attach_service
from dashboard.services.known import Attachment
from dashboard.services.models import Service

NOW = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SUPPORT = Actor("user", 1, "support@example.com")


class Factory(SQLAlchemyModelFactory):
    """Adds to the session of the test's application context."""

    class Meta:
        abstract = True
        sqlalchemy_session_factory = lambda: db.session  # noqa: E731  factory_boy calls it late
        sqlalchemy_session_persistence = "flush"


class PriceVersionFactory(Factory):
    """Five cents a unit, since long ago."""

    class Meta:
        model = PriceVersion

    effective_at = LONG_AGO
    model = "per_unit"
    unit_amount = Decimal(5)
    allowance = Decimal(0)
    tiers = factory.LazyFunction(list)
    created_at = LONG_AGO


class PriceFactory(Factory):
    """A recurring fee in dollars; `version__unit_amount=...` sets what it costs."""

    class Meta:
        model = Price

    code = factory.Sequence(lambda n: f"price-{n}")
    name = "Managed database"
    kind = "recurring"
    unit_label = "database"
    currency = "usd"
    created_at = LONG_AGO
    version = factory.RelatedFactory(PriceVersionFactory, factory_related_name="price")


class MeteredPriceFactory(PriceFactory):
    """Usage of the meter `requests`, five cents each."""

    name = "API requests"
    kind = "metered"
    meter = "requests"
    unit_label = "request"


class UserFactory(Factory):
    """A customer who cannot sign in (no password) unless given a hash."""

    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"user{n}@example.com")
    name = "Ada"
    role = "customer"
    password_hash = "!"
    created_at = LONG_AGO


class MembershipFactory(Factory):
    """A user who sees an organization; give `organization_id`."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    created_at = LONG_AGO


class ApiTokenFactory(Factory):
    """A token for every organization and scope; its secret is not known, see `create_token`."""

    class Meta:
        model = ApiToken

    name = "sub-system"
    prefix = "bd_factory"
    token_hash = factory.Sequence(lambda n: f"{n:064d}")
    scopes = factory.LazyFunction(lambda: list(SCOPES))
    created_at = LONG_AGO


def make_organization(
    slug: str = "acme", *, anchor: datetime = APRIL, now: datetime = NOW, **properties: object
) -> Organization:
    """Return an organization with its first cycle and draft open, by the product's own verb."""
    wanted = {"name": slug.title(), "email": f"billing@{slug}.example", "currency": "usd"}
    created = NewOrganization(slug=slug, cycle_anchor_at=anchor, **(wanted | properties))
    return create_organization(created, now=now, actor=SUPPORT).organization


def make_service(
    organization: Organization, price: Price, *, now: datetime = NOW, **wanted: object
) -> Service:
    """Return `price` attached to `organization` by the product's own verb, now unless told."""
    return attach_service(organization, price, Attachment(**wanted), now=now, actor=SUPPORT)
