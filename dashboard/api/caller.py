"""Who calls: a token, for one organization or for all of them."""

from flask import g

from dashboard.accounts.models import ApiToken
from dashboard.accounts.tokens import actor_of
from dashboard.audit.actor import Actor
from dashboard.billing.fold import count_now
from dashboard.clock import utc_now
from dashboard.errors import Forbidden, NotFound
from dashboard.extensions import current_config
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.organizations.models import Organization


class SecondPersonWanted(Forbidden):
    """So much is only moved when two people agree, and a program is none."""

    code = "second_person_wanted"


def token() -> ApiToken:
    """Return the token that the guard let through."""
    found: ApiToken = g.api_token
    return found


def actor() -> Actor:
    """Return the token as the author of a change."""
    return actor_of(token())


def may_act_for(organization: Organization) -> bool:
    """Whether the token is for this organization or for all."""
    return token().organization_id in (None, organization.id)


def organization(slug: str) -> Organization:
    """Return the organization; raise NotFound, also where the token is for another one."""
    found = organization_by_slug(slug)
    if not may_act_for(found):
        raise NotFound(f"There is no organization named {slug}. Search for it by name or id.")
    return found


def counted_organization(slug: str) -> Organization:
    """Return the organization with all usage on its bill that was accepted; raise NotFound."""
    found = organization(slug)
    count_now(found.id, now=utc_now())
    return found


def require_below_limit(amount: Money) -> None:
    """Raise `SecondPersonWanted` for more than one may move: a token is nobody's second person."""
    if current_config().approval_limits.wants_two(amount):
        raise SecondPersonWanted(
            "The amount is above the limit from which a second person approves. Nothing was "
            "changed. A person proposes it on the organization's page."
        )


def require_all_organizations() -> None:
    """Raise Forbidden for a token that belongs to one organization."""
    if token().organization_id is not None:
        raise Forbidden(
            "The token is for one organization, and this concerns all of them. Nothing was "
            "changed. Use a token without an organization."
        )
