"""Who may do what: every view and API route names one of these permissions, or is refused.

A permission says which roles hold it, whether a customer holds it only for organizations they
belong to and as which members of them, and which scope lets an API token use it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from dashboard.accounts.models import MEMBER_ROLES, PAYERS
from dashboard.errors import BillingError

View = TypeVar("View", bound=Callable[..., Any])

STAFF = frozenset({"support", "admin"})
ADMIN = frozenset({"admin"})
EVERYONE = frozenset({"customer", "support", "admin"})
CUSTOMER = frozenset({"customer"})
OWNER = frozenset({"owner"})


@dataclass(frozen=True, slots=True)
class Permission:
    """A named right. `is_scoped`: a customer needs a membership of the organization addressed.

    `members` are the roles there with which they hold it; our own people hold it without any.
    `is_proved`: who changes something by it has shown a short while ago who they are.
    """

    name: str
    roles: frozenset[str] = frozenset()
    is_scoped: bool = False
    members: frozenset[str] = frozenset(MEMBER_ROLES)
    is_public: bool = False
    is_proved: bool = False
    scope: str | None = None


class Unauthenticated(BillingError):
    """Nobody is signed in, or the token is not one of ours."""

    status = 401
    code = "unauthenticated"


class UnknownPermission(LookupError):
    """A view names a permission that is not in the table."""


_TABLE = (
    Permission("public", is_public=True),
    # Public but for a token of the settings': see dashboard.operator_pages.
    Permission("metrics.read", is_public=True),
    Permission("session.use", EVERYONE),
    Permission("factor.manage", EVERYONE, is_proved=True),
    Permission("organization.list", STAFF),
    Permission("organization.view", EVERYONE, is_scoped=True),
    Permission("organization.change", STAFF),
    Permission("note.write", STAFF),
    Permission("customer.view_as", STAFF),
    Permission("budget.set", EVERYONE, is_scoped=True, members=PAYERS),
    Permission("invoice.view", EVERYONE, is_scoped=True),
    # An issued invoice's own page at Stripe, where it is paid.
    Permission("invoice.pay", EVERYONE, is_scoped=True, members=PAYERS),
    Permission("portal.open", EVERYONE, is_scoped=True, members=PAYERS),
    # Which e-mails about bills they, and the billing e-mail, get.
    Permission("mail.choose", EVERYONE, is_scoped=True, members=PAYERS),
    Permission("mail.view", STAFF),
    Permission("mail.send", STAFF),
    Permission("members.manage", EVERYONE, is_scoped=True, members=OWNER, is_proved=True),
    Permission("membership.leave", CUSTOMER, is_scoped=True, is_proved=True),
    Permission("sync.view", STAFF),
    Permission("sync.run", STAFF),
    Permission("cycle.roll", STAFF),
    Permission("cycle.change", STAFF),
    Permission("tax.switch", STAFF),
    Permission("adjustment.create", STAFF),
    Permission("credit_note.create", STAFF),
    Permission("invoice.reissue", STAFF),
    Permission("refund.create", STAFF),
    Permission("correction.settle", STAFF),
    Permission("proof.download", STAFF),
    Permission("balance.read", STAFF),
    Permission("proposal.view", STAFF),
    Permission("proposal.decide", STAFF),
    Permission("added_line.decide", STAFF),
    Permission("void.decide", STAFF),
    Permission("difference.decide", STAFF),
    Permission("webhook.view", STAFF),
    Permission("webhook.replay", STAFF),
    Permission("event_endpoint.view", STAFF),
    Permission("event_endpoint.send", STAFF),
    # Where every bill is told of: as grave as a token.
    Permission("event_endpoint.manage", ADMIN, is_proved=True),
    Permission("bulk.view", STAFF),
    # With that of the verb: see `dashboard.bulk.verbs`.
    Permission("bulk.run", STAFF),
    Permission("audit.view", STAFF),
    Permission("catalog.view", STAFF),
    Permission("catalog.change", ADMIN, is_proved=True),
    Permission("payment.view", STAFF),
    Permission("standing.view", STAFF),
    Permission("standing.override", STAFF),
    # Which organizations are served: as grave as what they pay.
    Permission("standing.rule", ADMIN, is_proved=True),
    Permission("need.view", STAFF),
    Permission("need.take", STAFF),
    Permission("fleet.view", STAFF),
    Permission("closing.view", STAFF),
    # Anyone of ours may stop what is wrong; both ends are on record.
    Permission("closing.pause", STAFF),
    Permission("closing.rehearse", STAFF),
    # What a person holds back, and lets go.
    Permission("closing.hold", STAFF),
    # Above the limit, as those decide who decide on proposals.
    Permission("closing.approve", STAFF),
    # Which bills go without anyone's look: as grave as a price.
    Permission("closing.limit", ADMIN, is_proved=True),
    Permission("job.retry", STAFF),
    Permission("schedule.manage", ADMIN),
    Permission("invariant.view", STAFF),
    Permission("invariant.look", STAFF),
    Permission("gap.look", ADMIN),
    Permission("gap.repair", STAFF),
    Permission("restore.view", STAFF),
    Permission("restore.repair", ADMIN, is_proved=True),
    # What waited is billed from then on.
    Permission("restore.release", ADMIN, is_proved=True),
    Permission("doctor.view", ADMIN),
    Permission("token.manage", ADMIN, is_proved=True),
    Permission("people.manage", ADMIN, is_proved=True),
    # The API's: held by tokens through their scope, never by a browser's session.
    Permission("api.organizations.read", scope="organizations:read"),
    Permission("api.organizations.write", scope="organizations:write"),
    Permission("api.budgets.read", scope="budgets:read"),
    Permission("api.budgets.write", scope="budgets:write"),
    Permission("api.standing.read", scope="standing:read"),
    Permission("api.prices.read", scope="prices:read"),
    Permission("api.prices.write", scope="prices:write"),
    Permission("api.services.read", scope="services:read"),
    Permission("api.services.write", scope="services:write"),
    Permission("api.usage.write", scope="usage:write"),
    Permission("api.adjustments.write", scope="adjustments:write"),
    Permission("api.events.read", scope="events:read"),
    Permission("api.events.write", scope="events:write"),
    Permission("api.invoices.read", scope="invoices:read"),
    # With what is on record of a bill: names of people, too.
    Permission("api.proof.read", scope="proof:read"),
    Permission("api.closings.read", scope="closings:read"),
    Permission("api.closings.write", scope="closings:write"),
    Permission("api.syncs.read", scope="syncs:read"),
    Permission("api.syncs.write", scope="syncs:write"),
)
PERMISSIONS = {permission.name: permission for permission in _TABLE}
# What everybody pays, and who is told of it: such a token ends with its owner's being an admin.
ADMIN_SCOPES = frozenset({"prices:write", "events:write"})
SCOPES = tuple(permission.scope for permission in _TABLE if permission.scope)


def permission(name: str) -> Callable[[View], View]:
    """Mark a view with the permission it needs; raise `UnknownPermission` for a name not listed."""
    if name not in PERMISSIONS:
        raise UnknownPermission(name)

    def mark(view: View) -> View:
        view.permission = PERMISSIONS[name]  # type: ignore[attr-defined]  # read back by permission_of
        return view

    return mark


def permission_of(view: Callable[..., Any] | None) -> Permission | None:
    """Return the permission `view` names, None if it names none."""
    return getattr(view, "permission", None)
