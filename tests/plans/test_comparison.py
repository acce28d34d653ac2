"""Why a bill changed, and what is kept for a forecast, touch one organization's rows."""

from flask import Flask
from sqlalchemy import select

from dashboard.billing.habits import keep_habits
from dashboard.billing.models import Invoice
from dashboard.extensions import db
from tests.people import Browser
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

ASKED = "/organizations/org-77/comparison"
PAGES = (f"{ASKED}/movers", ASKED, f"{ASKED}?by=service", f"{ASKED}?from=11&to=12&by=service")


def test_what_changed(filled: Flask, admin: Browser, many: Many) -> None:
    for address in PAGES:
        headers = {"HX-Request": "true"} if address.endswith("movers") else {}
        with filled.app_context(), explained(db.engine) as plans:
            assert admin.get(address, headers=headers).status_code == 200, address
        Bound(address, 300).check(plans, many)


def test_what_is_kept_of_the_cycles_of_many(filled: Flask, many: Many) -> None:
    with filled.app_context():
        wanted = select(Invoice.id).where(Invoice.status == "draft").order_by(Invoice.id).limit(100)
        invoice_ids = db.session.scalars(wanted).all()
        with explained(db.engine) as plans:
            keep_habits(invoice_ids)
        db.session.rollback()
    # Of each a few looks into indexes.
    Bound("keep_habits of 100", 100 * 60).check(plans, many)
