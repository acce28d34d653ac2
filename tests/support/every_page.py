"""Every page with who may read it, and the rules of accessibility it breaks."""

from collections.abc import Iterator
from datetime import timedelta

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlalchemy import func, select

from dashboard.accounts.invitations import open_invitations
from dashboard.accounts.people import person_by_email
from dashboard.accounts.tokens import list_tokens
from dashboard.audit.listing import AuditFilter, entries
from dashboard.billing.correction_models import Correction
from dashboard.bulk.listing import recent_acts
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.mail.models import Mail
from dashboard.organizations.models import Organization
from dashboard.outgoing.models import EventDelivery, EventEndpoint
from dashboard.webhooks.models import WebhookEvent
from tests.people import bill_of
from tests.support.needs import look_now

OF_ACME = [
    "/organizations/acme",
    "/organizations/acme?open=all",
    "/organizations/acme/usage",
    "/organizations/acme/history",
    "/organizations/acme/comparison",
    "/organizations/acme/budget",
    "/organizations/acme/services",
    "/organizations/acme/adjustments",
    "/organizations/acme/invoices",
    "/organizations/acme/balance",
    "/organizations/acme/budget",
    "/organizations/acme/what-if",
    "/organizations/acme/what-if?since=soon&count=-1",
    "/organizations/acme/details",
    "/organizations/acme/timeline",
    "/organizations/acme/members",
    "/organizations/acme/mails",
    "/organizations/acme/invoices/1/items/{item}",
    "/organizations/acme/invoices/1/document",
    "/organizations/acme/invoices/1/then",
    "/glossary",
    "/nowhere",
]


OF_STAFF = [
    "/needs",
    "/needs?kind=differs",
    "/needs/settled",
    "/needs/{need}",
    "/search",
    "/search?q=freight",
    "/search?q=nobody",
    "/organizations",
    "/organizations?q=nobody",
    "/organizations?sort=-ends",
    "/organizations/acme/tax",
    "/organizations/acme/subscription",
    "/organizations/acme/cycle-changes/new",
    "/organizations/acme/cycle-changes/new?interval=quarter&zone=Europe/Berlin&takes_effect=cycle_end",
    "/close",
    "/close/rehearsals",
    "/close/limits",
    "/organizations/acme/invoices/1/issue",
    "/organizations/globex/invoices/1",
    "/organizations/globex/invoices/1/document",
    "/organizations/globex/invoices/1/credit-notes/new",
    "/organizations/globex/invoices/1/refunds/new",
    "/organizations/globex/invoices/1/reissues/new",
    "/organizations/globex/invoices/1/corrections/{correction}/settlements/new",
    "/organizations/globex/invoices/2",
    "/organizations/globex/invoices/2/difference",
    "/organizations/globex/balance",
    "/past-due",
    "/past-due?age=30&sort=-amount",
    "/standing-rules",
    "/organizations/acme/standing",
    "/bulk-actions",
    "/bulk-actions/{act}",
    "/bulk-actions/new?verb=sync&scope=all",
    "/bulk-actions/new?verb=replay",
    "/organizations/acme/proposals",
    "/organizations/acme/syncs",
    "/organizations/acme/syncs/new",
    "/organizations/acme/at-stripe",
    "/organizations/acme/mails/{mail}",
    "/organizations/acme/mails/{mail}/body",
    "/organizations/acme/notes/new",
    "/organizations/acme/rolls/new",
    "/organizations/acme/adjustments/new",
    "/organizations/acme/details/edit",
    "/sync-runs",
    "/webhook-events",
    "/webhook-events?state=dead",
    "/webhook-events/{event}",
    "/bulk-actions/new?verb=replay&like={event}",
    "/event-endpoints",
    "/event-endpoints/{endpoint}",
    "/event-endpoints/{endpoint}?state=given_up",
    "/event-endpoints/{endpoint}/deliveries/{delivery}",
    "/event-endpoints/{endpoint}/replays/new",
    "/jobs",
    "/stripe-calls",
    "/invariants",
    "/restores",
    "/invariants?name=items_add_up",
    "/catalog",
    "/catalog/acme-fee",
    "/audit-entries",
    "/audit-entries?kind=invoices&actor=nobody",
    "/audit-entries/{entry}",
    "/fleet",
]


# Whose pages, in parts that take no longer than a test may.
PAGES = {
    "customer": [*OF_ACME, "/organizations/acme/members/departures/new"],
    "support": OF_ACME,
    "support-all": OF_STAFF,
    "admin": [
        "/fleet",
        "/doctor",
        "/doctor/stripe",
        "/catalog/acme-fee/versions/new",
        "/catalog/acme-fee/versions/new?effective_at={soon}&model=per_unit&unit_amount=60",
        "/api-tokens",
        "/api-tokens/new",
        "/api-tokens/{token}/rotations/new",
        "/event-endpoints/new",
        "/event-endpoints/{endpoint}/edit",
        "/event-endpoints/{endpoint}/secrets/new",
        "/event-endpoints/{endpoint}/removals/new",
        "/event-endpoints/{off}",
        "/people",
        "/people/{person}",
        "/people/{person}/deactivations/new",
        "/invitations/new",
        "/invitations/{invitation}/link",
        "/password/edit",
        "/sessions",
        "/factors",
        "/factors/app/new",
        "/factors/passkeys/new",
    ],
}


def role_of(part: str) -> str:
    """Return who sees the pages of that part."""
    return part.partition("-")[0]


def addresses(part: str, acme: Organization) -> Iterator[str]:
    """Yield the addresses of a part's pages."""
    item = next(one for one in bill_of(acme).items if one.kind == "metered")
    person = person_by_email("customer@example.com")
    token = list_tokens(now=utc_now(), only_live=True).rows[0]
    invitation = open_invitations()[0]
    event = db.session.scalar(select(func.min(WebhookEvent.id)))
    soon = f"{utc_now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    for address in PAGES[part]:
        yield address.format(
            item=item.id,
            person=person.id,
            token=token.id,
            invitation=invitation.id,
            event=event,
            soon=soon,
            need=look_now()[0].id,
            entry=entries(AuditFilter()).rows[0].id,
            correction=db.session.scalar(select(func.min(Correction.id))),
            mail=db.session.scalar(select(func.min(Mail.id)).where(Mail.occasion.is_not(None))),
            endpoint=db.session.scalar(select(func.min(EventEndpoint.id))),
            off=db.session.scalar(select(func.max(EventEndpoint.id))),
            delivery=db.session.scalar(select(func.min(EventDelivery.id))),
            act=recent_acts(only_open=False).rows[0].id,
        )


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it stands."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]
