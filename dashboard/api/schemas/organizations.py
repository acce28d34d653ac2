"""Organizations as the API speaks of them."""

from typing import Annotated, Literal

from pydantic import EmailStr, Field, StringConstraints

from dashboard.api.schemas.types import (
    Currency,
    ExternalId,
    Instant,
    Interval,
    Printable,
    Sent,
    Slug,
    Text,
    Told,
    Zone,
)
from dashboard.bounds import SEARCH

Tag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), Printable
]


Part = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), Printable]
Exemption = Literal["none", "exempt", "reverse"]


class OrganizationIn(Sent):
    """A new organization; its cycles are counted from `cycle_anchor_at` (default: now).

    Each is an interval of the calendar of `cycle_zone`: it begins there at the anchor's hour.
    """

    slug: Slug
    name: Text
    email: EmailStr
    currency: Currency
    collection_method: Literal["charge_automatically", "send_invoice"] = "charge_automatically"
    days_until_due: Annotated[int, Field(ge=0, le=365)] | None = None
    cycle_anchor_at: Instant | None = None
    cycle_interval: Interval = "month"
    cycle_zone: Zone = "UTC"
    external_id: ExternalId | None = None


class Address(Told):
    """A billing address; parts that are empty are left out."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class AddressIn(Sent):
    """A billing address as a whole: a part that is left out is empty. The country is needed."""

    line1: Part | None = None
    line2: Part | None = None
    city: Part | None = None
    state: Part | None = None
    postal_code: Part | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$")]


class OrganizationChange(Sent):
    """The fields to change; fields that are left out stay as they are.

    `address` and `tax_exempt` are null while they are left to Stripe's dashboard.
    """

    # The defaults are never read: what was not sent is left out.
    name: Text = ""
    email: EmailStr = ""
    collection_method: Literal["charge_automatically", "send_invoice"] = "charge_automatically"
    days_until_due: Annotated[int, Field(ge=0, le=365)] | None = None
    tags: Annotated[list[Tag], Field(max_length=20, default_factory=list)]
    address: AddressIn | None = None
    tax_exempt: Exemption | None = None


class CustomerOut(Told):
    """What Stripe's customer says; null too for what is left to Stripe's dashboard."""

    name: str | None
    email: str | None
    address: Address | None = None
    tax_exempt: str | None = None


class OrganizationOut(Told):
    """An organization. `customer_at_stripe` is an edit made at Stripe, until you decide."""

    slug: str
    name: str
    email: str
    currency: str
    collection_method: str
    days_until_due: int | None
    cycle_anchor_at: Instant
    cycle_interval: str
    cycle_zone: str
    external_id: str | None
    tags: list[str]
    address: Address | None
    tax_exempt: str | None
    stripe_customer_id: str | None
    customer_at_stripe: CustomerOut | None
    created_at: Instant


class OrganizationQuery(Sent):
    """Which organizations: those that `search` matches, by name.

    `after` is the `next` of the last list. It goes through all of them, whatever changes meanwhile.
    """

    search: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=SEARCH), Printable
    ] = ""
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    after: Annotated[str, Printable, Field(max_length=300)] = ""


class OrganizationList(Told):
    """A page of organizations; `next` is where the next page starts, null after the last."""

    organizations: list[OrganizationOut]
    page: int
    total: int
    next: str | None
