"""Now and then an organization takes one more server, or ends the one it took."""

from __future__ import annotations

from demo.api import BillingApi
from demo.organizations import DemoOrganization

PRICE = {"usd": "server-small", "jpy": "server-small-jpy"}
EXTRA = "extra-"


def change_servers(api: BillingApi, organization: DemoOrganization, tick: int) -> str:
    """End the organization's extra server if it has one, else attach one; return what was done.

    Raises ApiAway, ApiRefused. A change that is repeated at the same tick attaches once.
    """
    for service in api.services(organization.slug):
        is_extra = (service["external_id"] or "").startswith(EXTRA)
        if is_extra and service["detached_at"] is None:
            api.detach(organization.slug, service["id"])
            return f"{organization.slug} ended {service['external_id']}"
    name = f"{EXTRA}{tick}"
    body = {"price": PRICE[organization.currency], "external_id": name, "label": name}
    api.attach(organization.slug, body)
    return f"{organization.slug} attached {name}"
