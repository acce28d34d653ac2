"""An organization's current invoice, its one draft: found, required, or locked."""

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from dashboard.billing.locks import lock_invoice
from dashboard.billing.models import Invoice
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.organizations.models import Organization


def draft_of(organization: Organization) -> Invoice | None:
    """Return the current invoice with its cycle, None in the moment before the first is opened."""
    return db.session.scalar(_draft(organization.id).options(joinedload(Invoice.cycle)))


def current_invoice(organization: Organization) -> Invoice:
    """Return the organization's draft; raise NotFound if its first cycle was never opened."""
    invoice = db.session.scalar(_draft(organization.id))
    if invoice is None:
        raise NotFound(f"{organization.slug} has no current invoice. Open its first cycle.")
    return invoice


def current_draft(organization_id: int) -> Invoice:
    """Return the organization's draft, locked; there always is one."""
    query = _draft(organization_id).with_only_columns(Invoice.id)
    return lock_invoice(db.session.scalars(query).one())


def _draft(organization_id: int) -> Select[Invoice]:
    return select(Invoice).where(
        Invoice.organization_id == organization_id, Invoice.status == "draft"
    )
