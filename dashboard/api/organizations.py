"""Organizations: created, searched, looked at."""

from flask import Blueprint, Response

from dashboard.accounts.permissions import permission
from dashboard.api import caller
from dashboard.api.operation import Operation, answer, operation, read_body, read_query
from dashboard.api.schemas.organizations import (
    OrganizationChange,
    OrganizationIn,
    OrganizationList,
    OrganizationOut,
    OrganizationQuery,
)
from dashboard.clock import utc_now
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.organizations.create import NewOrganization, create_organization
from dashboard.organizations.models import Organization
from dashboard.organizations.search import search_organizations
from dashboard.paging import Page, Place
from dashboard.sync.change_details import change_details
from jobs.syncs import enqueue_run

bp = Blueprint("organizations", __name__, url_prefix="/organizations")


@bp.post("")
@permission("api.organizations.write")
@operation(
    Operation(
        "Create an organization; answers 200 if it already exists with these properties",
        {201: OrganizationOut, 200: OrganizationOut},
        body=OrganizationIn,
    )
)
def create() -> Response:
    """Create an organization with its first cycle and draft."""
    wanted = read_body(OrganizationIn)
    caller.require_all_organizations()
    created = create_organization(
        # What was left out is not compared with what is there by now.
        NewOrganization(**wanted.model_dump(exclude_unset=True)),
        now=utc_now(),
        actor=caller.actor(),
    )
    made = OrganizationOut.model_validate(created.organization)
    return answer(made, 201 if created.is_new else 200)


@bp.get("")
@permission("api.organizations.read")
@operation(Operation("Search organizations", {200: OrganizationList}, query=OrganizationQuery))
def index() -> Response:
    """List the organizations that match; a token of one organization sees that one."""
    wanted = read_query(OrganizationQuery)
    own = caller.token().organization_id
    if own is not None:
        page = Page([db.session.get_one(Organization, own)], 1, 1, 1)
    else:
        after = _place(wanted.after)
        page = search_organizations(wanted.search, page=wanted.page, after=after)
    rows = [OrganizationOut.model_validate(row) for row in page.rows]
    last = page.rows[-1] if len(page.rows) == page.size and own is None else None
    following = str(Place(last.name, last.id)) if last else None
    return answer(
        OrganizationList(organizations=rows, page=page.number, total=page.total, next=following)
    )


def _place(text: str) -> Place | None:
    """Return where a list is to begin; raises `Invalid` for what no list said."""
    place = Place.read(text)
    if text and place is None:
        raise Invalid(
            "`after` is not the `next` of a list. Nothing was listed. Send the value of `next`.",
            field="after",
        )
    return place


@bp.patch("/<slug>")
@permission("api.organizations.write")
@operation(
    Operation(
        "Change the fields of an organization that you send; the next sync sends them to Stripe",
        {200: OrganizationOut},
        body=OrganizationChange,
    )
)
def update(slug: str) -> Response:
    """Change who is billed and how."""
    wanted = read_body(OrganizationChange).model_dump(exclude_unset=True)
    organization = caller.organization(slug)
    for run in change_details(organization, wanted, now=utc_now(), actor=caller.actor()):
        enqueue_run(run)
    return answer(OrganizationOut.model_validate(organization))


@bp.get("/<slug>")
@permission("api.organizations.read")
@operation(Operation("Read an organization", {200: OrganizationOut}))
def show(slug: str) -> Response:
    """Read one organization."""
    return answer(OrganizationOut.model_validate(caller.organization(slug)))
