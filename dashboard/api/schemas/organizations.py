"""Organizations as the API speaks of them."""

from typing import Annotated, Literal

from pydantic import EmailStr, Field

from dashboard.api.schemas.types import (
    Currency,
    ExternalId,
    Instant,
    Printable,
    Sent,
    Slug,
    Text,
    Told,
)


class OrganizationIn(Sent):
    """An organization to be; `cycle_anchor_at` (default: now) is where its months begin."""

    slug: Slug
    name: Text
    email: EmailStr
    currency: Currency
    collection_method: Literal["charge_automatically", "send_invoice"] = "charge_automatically"
    days_until_due: Annotated[int, Field(ge=0, le=365)] | None = None
    cycle_anchor_at: Instant | None = None
    external_id: ExternalId | None = None


class OrganizationOut(Told):
    """An organization."""

    slug: str
    name: str
    email: str
    currency: str
    collection_method: str
    days_until_due: int | None
    cycle_anchor_at: Instant
    external_id: str | None
    stripe_customer_id: str | None
    created_at: Instant


class OrganizationQuery(Sent):
    """Which organizations: those that `search` matches, by name."""

    search: Annotated[str, Printable] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class OrganizationList(Told):
    """A page of organizations."""

    organizations: list[OrganizationOut]
    page: int
    total: int
