"""Each kind of large move through its own pages: proposed by one, carried out by another."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.approvals.models import Proposal
from dashboard.billing.close import seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.added_lines import add_line
from tests.support.needs import sentences
from tests.support.proposing import PATH, PROPOSALS, add, approve, total
from tests.support.void_pages import issued_and_void

pytestmark = pytest.mark.usefixtures("limit_of_200")


def test_a_line_above_the_limit_is_adopted_by_two_and_removed_by_one(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    with transaction():
        line = add_line(acme, "il_1", None)
        line.amount_cents = 25_000
    where, before = f"/organizations/acme/foreign-lines/{line.id}/decisions", total(acme, db)
    shown = page(support.get(f"{where}/new"))
    assert "Above $200.00, a second person approves." in text_of(shown)
    assert shown.find("button", string="Propose to adopt $250.00")
    sent = {"seen": "", "cents": "25000", "reason": "They ordered it"}
    proposed = post(support, where, decision="adopt", **sent)
    assert "/proposals/" in proposed.location
    assert (total(acme, db), line.decision) == (before, None)
    approve(admin, proposed.location)
    assert (total(acme, db), line.decision) == (before + 25_000, "adopt")
    with transaction():
        other = add_line(acme, "il_2", None)
        other.amount_cents = 25_000
    where = f"/organizations/acme/foreign-lines/{other.id}/decisions"
    assert "/proposals/" not in post(support, where, decision="take_ours", **sent).location


def test_a_void_invoice_above_the_limit_is_decided_on_by_two(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    approve(admin, add(support, "900", "charge"))
    void = issued_and_void(acme)
    address, held = "/organizations/acme/invoices/1/void-decisions", void.total_cents
    shown = page(support.get(f"{address}/new"))
    assert "Above $200.00, a second person approves." in text_of(shown)
    cents = shown.select_one("[name=cents]")["value"]
    assert cents == str(held)
    before = total(acme, db)
    sent = {"decision": "bill", "reason": "Owed"}
    # An amount below the limit, made up, moves nothing either.
    assert post(support, address, cents="100", **sent).status_code == 409
    proposed = post(support, address, cents=cents, **sent)
    assert total(acme, db) == before
    approve(admin, proposed.location)
    assert total(acme, db) == before + held
    assert "Void invoice billed again" in text_of(page(support.get(PROPOSALS)))


def test_what_was_decided_meanwhile_cannot_be_approved_and_the_page_says_why(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    approve(admin, add(support, "900", "charge"))
    where = reversal_of_latest(support, db)
    seen = page(admin.get(where)).find(id="seen")["value"]
    with transaction():
        seal_now(current_invoice(acme), now=utc_now())
    shown = page(admin.get(where))
    assert "This can no longer be approved" in text_of(shown)
    assert shown.find("form", action=f"{where}/approvals") is None
    answer = post(admin, f"{where}/approvals", seen=seen)
    assert answer.status_code == 409
    assert "Its invoice is sealed and can no longer change." in text_of(answer)
    assert post(admin, f"{where}/refusals", answer="Too late").status_code == 303


def test_a_reversal_and_a_write_off_are_called_so(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    approve(admin, add(support, "900", "charge"))
    reversal_of_latest(support, db)
    void = issued_and_void(acme)
    sent = {"decision": "write_off", "reason": "A gift", "cents": str(void.total_cents)}
    where = post(support, "/organizations/acme/invoices/1/void-decisions", **sent).location
    assert "Void invoice of" in text_of(page(admin.get(where)))
    said = " ".join(one for one in sentences() if one.startswith("Approval"))
    assert "proposed a reversal" in said
    assert "proposed a write-off" in said
    told = text_of(page(support.get("/organizations/acme/timeline?kind=money")))
    assert "Reversal of $900.00 proposed" in told
    audit = text_of(page(support.get("/audit-entries")))
    assert "Proposed a write-off of" in audit


def reversal_of_latest(support: FlaskClient, db: SQLAlchemy) -> str:
    """Propose to reverse the latest charge or credit; return where it waits."""
    latest = db.session.scalars(select(Adjustment).order_by(Adjustment.id.desc())).first()
    return str(post(support, f"{PATH}/{latest.id}/reversals", reason="Sold twice").location)


def test_a_large_one_is_reversed_by_two(
    support: FlaskClient, admin: FlaskClient, acme: Organization, db: SQLAlchemy
) -> None:
    approve(admin, add(support, "900", "charge"))
    before, where = total(acme, db), reversal_of_latest(support, db)
    assert total(acme, db) == before
    approve(admin, where)
    assert total(acme, db) == before - 90_000
    assert db.session.scalars(select(Proposal.state)).all() == ["approved", "approved"]
