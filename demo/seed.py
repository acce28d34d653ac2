"""The whole demo, in the order its parts need each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from dashboard.clock import utc_now
from dashboard.gateway.conformance.api import Api
from dashboard.transaction import transaction
from demo.accounts import seed_memberships, seed_token, seed_users
from demo.api import BillingApi
from demo.customers import first_sync, seed_customers
from demo.ledger import seed_organization, seed_prices
from demo.organizations import DemoOrganization
from demo.settings import DemoSettings, demo_password
from demo.watch import look_at_budgets

# The demo begins while the web still starts, which takes a busy machine half a minute.
PATIENCE = 40


def seed(
    settings: DemoSettings,
    organizations: Sequence[DemoOrganization],
    *,
    tell: Callable[[str], object] = lambda _text: None,
) -> None:
    """Make what is missing of the demo; needs an application context and the running product.

    `tell` hears how far it is. Raises ApiAway, ApiRefused, NotSynced, StripeSaidNo; a second call
    goes on where one ended.
    """
    with transaction():
        seed_users(demo_password(settings), now=utc_now())
        token = seed_token(settings, now=utc_now())
    with connected(settings, token) as (api, stripe):
        seed_prices(api)
        for number, one in enumerate(organizations, start=1):
            tell(f"organization {number} of {len(organizations)}: {one.name}")
            seed_organization(api, one, now=utc_now())
            first_sync(api, one)
        with transaction():
            own = {one.slug for one in organizations if one.belongs_to_customer}
            seed_memberships(own, now=utc_now())
        tell("waiting for the first syncs, then adding cards at Stripe")
        seed_customers(api, stripe, organizations)
    with transaction():
        look_at_budgets(now=utc_now())


@contextmanager
def connected(settings: DemoSettings, token: str) -> Iterator[tuple[BillingApi, Api]]:
    """Lend the product's API and Stripe's."""
    api = BillingApi(settings.address, token, patience=PATIENCE)
    stripe = Api(settings.stripe_api_base, settings.stripe_api_key)
    with closing(api), closing(stripe):
        yield api, stripe
