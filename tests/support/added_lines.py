"""Lines that somebody added at Stripe, on pages."""

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.sync.models import AddedLine
from tests.people import bill_of


def add_line(organization: Organization, stripe_id: str, decision: str | None) -> AddedLine:
    """Note a line added at Stripe on the organization's draft."""
    line = AddedLine(
        organization_id=organization.id,
        invoice_id=bill_of(organization).id,
        stripe_line_id=stripe_id,
        description="",
        amount_cents=100,
        found_at=utc_now(),
        decision=decision,
    )
    db.session.add(line)
    db.session.flush()
    return line
