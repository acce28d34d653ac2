"""The limit is of what one person moves alone for an organization in a day, in any parts."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from dashboard.approvals.day import AboveTogether, hold_day, moved_alone, undoes_own
from dashboard.audit.actor import Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Adjustment
from dashboard.billing.reverse import reverse_adjustment
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.settings.approvals import limits_in
from dashboard.transaction import transaction
from tests.factories import NOW, make_organization
from tests.support.proposals import approved, charged, proposed
from tests.support.waiting import eventually, waits_for_a_lock

HOUR = timedelta(hours=1)
LIMIT = limits_in("200").wants_two


def add(of: Organization, by: Actor, cents: int, key: str, *, hours: int = 0) -> Adjustment:
    """Charge or credit, so many hours ago."""
    with transaction():
        return add_adjustment(
            current_invoice(of), Money(cents, "usd"), reason="Outage", description="Goodwill",
            actor=by, now=NOW - hours * HOUR, key=key,
        )  # fmt: skip


def moved(of: Organization, by: Actor) -> int:
    """Return what a person moved alone."""
    return moved_alone(of, by, now=NOW).cents


def test_charges_and_credits_of_a_day_are_added_up(acme: Organization, sam: Actor) -> None:
    add(acme, sam, -15_000, "a", hours=23)
    add(acme, sam, 4_000, "b")
    add(acme, sam, -9_000, "older", hours=24)
    assert moved(acme, sam) == 19_000


def test_what_others_moved_or_elsewhere_is_not_counted(
    acme: Organization, sam: Actor, ada: Actor
) -> None:
    add(acme, ada, -15_000, "a")
    add(acme, Actor("token", sam.id, "sub-system"), -15_000, "b")
    with transaction():
        other = make_organization("other")
    add(other, sam, -15_000, "c")
    assert moved(acme, sam) == 0
    assert moved_alone(acme, Actor("token", sam.id, "sub-system"), now=NOW).cents == 0


def test_what_a_second_person_approved_is_not_counted(
    acme: Organization, sam: Actor, ada: Actor
) -> None:
    approved(acme, proposed(acme, sam), ada)
    assert (moved(acme, sam), moved(acme, ada)) == (0, 0)


def test_what_somebody_undid_themselves_counts_as_nothing_and_so_does_undoing_it(
    acme: Organization, sam: Actor, ada: Actor
) -> None:
    own, theirs = add(acme, sam, -15_000, "a"), add(acme, ada, -6_000, "b")
    assert undoes_own(own, sam, now=NOW)
    assert not undoes_own(theirs, sam, now=NOW)
    with transaction():
        for one in (own, theirs):
            reverse_adjustment(one, reason="Wrong", actor=sam, now=NOW)
    assert (moved(acme, sam), moved(acme, ada)) == (6_000, 6_000)


def test_an_approved_reversal_leaves_nothing_counted(
    acme: Organization, sam: Actor, ada: Actor
) -> None:
    _, what = charged(acme, sam)
    assert moved(acme, sam) == 90_000
    approved(acme, proposed(acme, sam, what), ada)
    assert moved(acme, sam) == 0


def test_under_the_lock_it_is_looked_at_again(
    db: SQLAlchemy, acme: Organization, sam: Actor
) -> None:
    add(acme, sam, -15_000, "a")
    told = {"wants_two": LIMIT, "actor": sam, "now": NOW}
    hold_day(acme, Money(5_000, "usd"), is_done=lambda: False, **told)
    hold_day(acme, Money(5_001, "usd"), is_done=lambda: True, **told)
    with pytest.raises(AboveTogether, match=r"together they need a second person. Nothing was"):
        hold_day(acme, Money(-5_001, "usd"), is_done=lambda: False, **told)


def test_of_two_acts_at_once_the_second_counts_the_first(
    app: Flask, db: SQLAlchemy, acme: Organization, sam: Actor
) -> None:
    acme_id = acme.id
    db.session.rollback()
    told = {"wants_two": LIMIT, "is_done": lambda: False, "actor": sam, "now": NOW}

    def click() -> str:
        with app.app_context(), transaction():
            try:
                hold_day(db.session.get_one(Organization, acme_id), Money(-15_000, "usd"), **told)
            except AboveTogether:
                return "together"
        return "alone"

    with ThreadPoolExecutor(1) as pool:
        with transaction():
            held = db.session.get_one(Organization, acme_id)
            hold_day(held, Money(-15_000, "usd"), **told)
            answer = pool.submit(click)
            eventually(lambda: waits_for_a_lock(db) or answer.done())
            add_adjustment(
                current_invoice(held), Money(-15_000, "usd"), reason="Outage",
                description="Goodwill", actor=sam, now=NOW, key="first",
            )  # fmt: skip
        assert answer.result(timeout=10) == "together"
