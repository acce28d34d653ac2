"""Whoever watches the fleet, every few seconds and for ever, asks for what is unsettled alone."""

import pytest

from dashboard.extensions import db
from dashboard.transaction import transaction
from jobs.upkeep import count_fleet
from jobs.watch import look_for_needs, sample_fleet
from tests.people import Browser
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

# A dozen figures, each counted as far as a thousand; of drafts that just moved row by row.
WATCHED = 9000
PAGES = (Bound("/fleet", WATCHED), Bound("/metrics", WATCHED))
# What was found: a small table, however many bills there are.
FOUND = (
    Bound("/needs", 400, 8),
    Bound("/needs?kind=payments", 400, 8),
    Bound("/needs/settled", 200, 2),
)
# Each thing that is in trouble, with its invoice; and what is late or held, counted.
LOOK, SAMPLE = Bound("a look at what needs a person", 1500, 250), Bound("a sample", 1000, 60)
# Once a minute, all that is unsettled.
COUNTED = Bound("the count of a minute", 8000, 700)


@pytest.mark.parametrize("bound", PAGES, ids=str)
def test_the_fleet(bound: Bound, many: Many, filled, admin: Browser) -> None:
    with filled.app_context():
        with transaction():
            count_fleet.function()
        with explained(db.engine) as plans:
            assert admin.get(bound.asked).status_code == 200
    bound.check(plans, many)


@pytest.mark.parametrize("bound", FOUND, ids=str)
def test_what_needs_a_person(bound: Bound, many: Many, filled, admin: Browser) -> None:
    with filled.app_context():
        with transaction():
            look_for_needs.function()
        with explained(db.engine) as plans:
            assert admin.get(bound.asked).status_code == 200
    bound.check(plans, many)


def test_a_look_and_a_sample(many: Many, filled) -> None:
    with filled.app_context():
        for bound, task in ((LOOK, look_for_needs), (SAMPLE, sample_fleet)):
            with explained(db.engine) as plans, transaction():
                task.function()
            bound.check(plans, many)


def test_the_count_of_what_is_too_much_for_a_page(many: Many, filled) -> None:
    with filled.app_context(), explained(db.engine) as plans, transaction():
        count_fleet.function()
    COUNTED.check(plans, many)
