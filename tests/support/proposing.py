"""Proposing and approving, as people do it on pages."""

from uuid import uuid4

from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.draft import current_invoice
from dashboard.organizations.models import Organization
from tests.pages import page, post, text_of

PATH = "/organizations/acme/adjustments"


PROPOSALS = "/organizations/acme/proposals"


def add(client: FlaskClient, amount: str = "250.00", direction: str = "credit") -> str:
    """Send a charge or a credit as its form does, confirmed; return where that leads."""
    sent = {
        "direction": direction, "amount": amount, "description": "Goodwill", "reason": "Outage",
        "key": str(uuid4()),
    }  # fmt: skip
    shown = page(post(client, PATH, **sent))
    answer = post(client, PATH, **sent, confirmed=shown.find(id="confirmed")["value"])
    assert answer.status_code == 303
    return str(answer.location)


def total(acme: Organization, db: SQLAlchemy) -> int:
    """Return what the bill comes to."""
    db.session.expire_all()
    return current_invoice(acme).total_cents


def approve(client: FlaskClient, where: str, status: int = 303) -> str:
    """Approve what the page shows; return what the answer says."""
    seen = page(client.get(where)).find(id="seen")["value"]
    answer = post(client, f"{where}/approvals", seen=seen)
    assert answer.status_code == status
    return text_of(answer)
