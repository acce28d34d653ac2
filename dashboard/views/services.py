"""What an organization has attached."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.accounts.permissions import permission
from dashboard.organizations.lookup import organization_by_slug
from dashboard.services.listing import list_services
from dashboard.views.paging import page_number

bp = Blueprint("services", __name__, url_prefix="/organizations/<slug>/services")


@bp.get("")
@permission("organization.view")
def index(slug: str) -> ResponseReturnValue:
    """List services, attached ones first."""
    organization = organization_by_slug(slug)
    page = list_services(organization, number=page_number())
    return render_template("services/index.html", organization=organization, page=page)
