"""Who is billed and how can be changed; what Stripe is told is due for a sync at once."""

import pytest
from sqlalchemy import select

from dashboard.audit.models import AuditEntry
from dashboard.billing.draft import current_invoice
from dashboard.errors import Conflict, Invalid, Stale
from dashboard.organizations.change import (
    change_organization,
    fingerprint,
    send_ours,
    take_theirs,
)
from dashboard.organizations.search import search_organizations
from tests.factories import NOW, SUPPORT, make_organization


@pytest.fixture
def acme(db):
    return make_organization()


def change(organization, seen=None, **wanted):
    return change_organization(organization, wanted, now=NOW, actor=SUPPORT, seen=seen)


def audited(db):
    query = select(AuditEntry).where(
        AuditEntry.action.in_(("organization.changed", "customer.sent_ours"))
    )
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def test_a_change_is_kept_with_what_it_was_before(acme, db):
    change(acme, name="Acme Two", tags=["vip", " Berlin ", "vip", ""])
    assert (acme.name, acme.tags) == ("Acme Two", ["Berlin", "vip"])
    [entry] = audited(db)
    assert entry.facts == {
        "before": {"name": "Acme", "tags": []},
        "after": {"name": "Acme Two", "tags": ["Berlin", "vip"]},
    }
    assert (entry.actor_label, entry.organization_id) == (SUPPORT.label, acme.id)


def test_the_same_again_changes_nothing(acme, db):
    revision = current_invoice(acme).revision
    change(acme, name="Acme", email=acme.email, collection_method="charge_automatically")
    assert audited(db) == []
    assert current_invoice(acme).revision == revision


def test_what_stripe_is_told_makes_the_current_invoice_due_and_tags_do_not(acme):
    invoice = current_invoice(acme)
    change(acme, tags=["vip"])
    assert not invoice.is_dirty
    change(acme, email="money@acme.example")
    assert invoice.is_dirty
    assert invoice.next_sync_at is not None


def test_charged_automatically_needs_no_days(acme):
    change(acme, collection_method="send_invoice", days_until_due=14)
    assert acme.terms == {"collection_method": "send_invoice", "days_until_due": 14}
    change(acme, collection_method="charge_automatically")
    assert acme.terms == {"collection_method": "charge_automatically", "days_until_due": None}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": None}, "email"),
        ({"collection_method": "by_hand"}, "collection_method"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"days_until_due": 14}, "days_until_due"),
        ({"collection_method": "send_invoice", "days_until_due": 366}, "days_until_due"),
        ({"tags": ["a" * 41]}, "tags"),
        ({"tags": ["a,b"]}, "tags"),
        ({"tags": [str(n) for n in range(21)]}, "tags"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_changed(acme, db, wanted, field):
    with pytest.raises(Invalid) as raised:
        change(acme, **{"name": "Other"} | wanted)
    assert raised.value.facts["field"] == field
    assert "Nothing was changed" in raised.value.message
    assert acme.name == "Acme"
    assert audited(db) == []


def test_who_looked_at_older_details_changes_nothing(acme):
    seen = fingerprint(acme)
    change(acme, seen, name="Acme Two")
    with pytest.raises(Stale):
        change(acme, seen, email="money@acme.example")
    assert acme.email == "billing@acme.example"


def test_a_tag_is_found_as_a_whole(acme):
    change(acme, tags=["vip"])
    assert [one.slug for one in search_organizations("vip").rows] == ["acme"]
    assert search_organizations("vi").total == 0


THEIRS = {"name": "Acme GmbH", "email": "buchhaltung@acme.example"}


@pytest.fixture
def renamed_at_stripe(acme, db):
    acme.stripe_customer_id, acme.agreed_customer = "cus_1", acme.customer
    acme.customer_at_stripe = dict(THEIRS)
    db.session.flush()
    return acme


def test_taking_theirs_needs_no_call(renamed_at_stripe, db):
    take_theirs(renamed_at_stripe, now=NOW, actor=SUPPORT)
    assert (renamed_at_stripe.name, renamed_at_stripe.email) == tuple(THEIRS.values())
    assert renamed_at_stripe.agreed_customer == renamed_at_stripe.customer
    assert renamed_at_stripe.customer_at_stripe is None
    assert audited(db)[0].facts["before"]["name"] == "Acme"


def test_theirs_that_cannot_be_kept_is_refused(renamed_at_stripe, db):
    renamed_at_stripe.customer_at_stripe = {"name": None, "email": "x@acme.example"}
    db.session.flush()
    with pytest.raises(Invalid, match="A name has 1 to 200"):
        take_theirs(renamed_at_stripe, now=NOW, actor=SUPPORT)


def test_sending_ours_makes_it_differ_from_what_stripe_has(renamed_at_stripe, db):
    send_ours(renamed_at_stripe, now=NOW, actor=SUPPORT)
    assert renamed_at_stripe.agreed_customer == THEIRS
    assert renamed_at_stripe.name == "Acme"
    assert current_invoice(renamed_at_stripe).is_dirty
    assert audited(db)[0].facts["before"] == THEIRS


@pytest.mark.parametrize("decide", [take_theirs, send_ours])
def test_it_is_decided_once(renamed_at_stripe, decide):
    decide(renamed_at_stripe, now=NOW, actor=SUPPORT)
    with pytest.raises(Conflict, match="no longer differs"):
        decide(renamed_at_stripe, now=NOW, actor=SUPPORT)
