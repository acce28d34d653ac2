"""Gaps at Stripe on the page of invariants: told, closed by whoever may, and on record."""

from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.gaps.models import StripeGap
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from jobs.queues import queue_named
from tests.pages import page, post, text_of
from tests.support.needs import look_now


def make_gap(kind: str = "event", **facts: object) -> StripeGap:
    now = utc_now()
    with transaction():
        gap = StripeGap(
            kind=kind, stripe_id="evt_1" if kind == "event" else "in_1",
            told="Stripe has what nobody knows.", first_seen_at=now, last_seen_at=now,
            confirmed_at=now, **facts,
        )  # fmt: skip
        database.session.add(gap)
    return gap


def test_without_a_gap_the_page_says_so(support: FlaskClient, acme: Organization) -> None:
    words = text_of(page(support.get("/invariants")))
    assert "Gaps at Stripe" in words
    assert "Not looked through yet" in words
    assert "No gap is known." in words


def test_a_person_has_one_closed_and_that_is_on_record(
    support: FlaskClient, acme: Organization, redis: Redis
) -> None:
    gap = make_gap()
    shown = page(support.get("/invariants"))
    assert "Stripe has what nobody knows." in text_of(shown)
    assert "Fetch event" in text_of(shown)
    assert post(support, f"/invariants/gaps/{gap.id}/repairs").status_code == 303
    [job] = queue_named("interactive", redis).jobs
    assert (job.func_name, job.args) == ("jobs.gaps.repair_gap", (gap.id,))
    query = select(AuditEntry).where(AuditEntry.action == "gap.repair_asked")
    [entry] = database.session.scalars(query)
    assert entry.facts == {"gap": "Stripe has what nobody knows."}


def test_one_that_only_a_person_closes_leads_to_stripe(
    support: FlaskClient, acme: Organization
) -> None:
    gap = make_gap("second_invoice")
    told = support.get("/invariants").text
    assert "/test/invoices/in_1" in told
    assert f"/invariants/gaps/{gap.id}/repairs" not in told
    assert post(support, f"/invariants/gaps/{gap.id}/repairs").status_code == 409


def test_what_is_gone_or_never_was_is_refused(support: FlaskClient, acme: Organization) -> None:
    gap = make_gap(gone_at=utc_now())
    assert post(support, f"/invariants/gaps/{gap.id}/repairs").status_code == 409
    assert post(support, "/invariants/gaps/987654/repairs").status_code == 404


def test_only_an_admin_has_stripe_looked_through(
    support: FlaskClient, admin: FlaskClient, acme: Organization, redis: Redis
) -> None:
    assert "/invariants/gaps/looks" not in support.get("/invariants").text
    assert post(support, "/invariants/gaps/looks").status_code == 403
    assert "/invariants/gaps/looks" in admin.get("/invariants").text
    assert post(admin, "/invariants/gaps/looks").status_code == 303
    [job] = queue_named("interactive", redis).jobs
    assert job.func_name == "jobs.gaps.look_through_stripe"


def test_it_needs_a_person_and_is_counted(support: FlaskClient, acme: Organization) -> None:
    make_gap(organization_id=acme.id)
    look_now()
    words = text_of(page(support.get("/needs")))
    assert "Stripe has what nobody knows." in words
    assert "See gaps" in words
    assert 'dashboard_stripe_gaps{kind="event"} 1.0' in support.get("/metrics").text
