"""Whoever watches the fleet, every few seconds and for ever, asks for what is unsettled alone."""

import pytest

from dashboard.extensions import db
from dashboard.transaction import transaction
from jobs.upkeep import count_fleet
from tests.people import Browser
from tests.plans.bounds import Bound
from tests.support.explained import explained
from tests.support.many import Many

# A dozen figures, each counted as far as a thousand; of drafts that just moved row by row.
WATCHED = 9000
PAGES = (Bound("/fleet", WATCHED), Bound("/metrics", WATCHED))
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


def test_the_count_of_what_is_too_much_for_a_page(many: Many, filled) -> None:
    with filled.app_context(), explained(db.engine) as plans, transaction():
        count_fleet.function()
    COUNTED.check(plans, many)
