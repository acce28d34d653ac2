"""The law of history: each line's steps lead from nothing to its amount, and add up to the bill.

Whatever happens, in whatever order it is told, and whoever dies before it is committed.
"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.roll import roll_over
from dashboard.errors import BillingError
from dashboard.extensions import db as database
from dashboard.pricing.versions import terms_of
from dashboard.reading import history
from tests.factories import MeteredPriceFactory, PriceFactory, make_organization, make_service
from tests.support.history import check_history
from tests.support.ledger_world import ANCHOR, World, new_world, numbers, unhurried, versions
from tests.support.void_world import VoidWorld, steps

pytestmark = pytest.mark.timeout(900)
# Of each act, whether its transaction is lost before it is committed.
crashes = st.lists(st.booleans(), min_size=1, max_size=7)
minutes = st.integers(1, 200)
reports = st.lists(
    st.tuples(minutes, st.integers(0, 50), st.booleans(), st.decimals(0, 500, places=3)),
    min_size=4,
    max_size=40,
)


@unhurried
@given(steps, versions, crashes)
def test_every_line_is_led_to_its_amount_whatever_happens_to_its_invoice(
    db, story, versions, crashes
):
    db.session.rollback()  # of a falsified example before this one
    base = new_world(versions)
    world = VoidWorld(base.organization, base.fee, base.metered, versions)
    world.attach(15 * 86_400, 3)
    db.session.commit()
    for number, (seconds, clock_runs, (act, *arguments)) in enumerate(story):
        world.now += timedelta(seconds=seconds)
        known, is_lost = len(world.services), crashes[number % len(crashes)]
        try:
            if clock_runs:
                world.tick()
            getattr(world, act)(*arguments)
        except (BillingError, IndexError, ZeroDivisionError):
            db.session.rollback()
        lose_or_commit(is_lost)
        if is_lost:
            del world.services[known:]
    roll_over(world.organization, now=world.now)
    world.fold()
    db.session.commit()
    check_history(world.organization.id)
    db.session.rollback()


@unhurried
@given(reports, st.sampled_from(["per_unit", "graduated"]), st.integers(3, 50))
def test_usage_that_is_counted_in_bulk_is_one_change_an_hour(db, reports, model, size):
    db.session.rollback()
    world = plain_world(model)
    for passed, back, is_lost, units in reports:
        world.now += timedelta(minutes=passed)
        world.use([(back * 60, units)])
        world.fold()
        lose_or_commit(is_lost)
    with pytest.MonkeyPatch.context() as patched:
        # However the pages of it are cut.
        patched.setattr(history, "EXPORT_BATCH", size)
        check_history(world.organization.id)
    db.session.rollback()


def lose_or_commit(is_lost):
    """End the transaction as a process does that goes on, or one that is killed in the midst."""
    database.session.flush()
    if is_lost:
        database.session.rollback()
    database.session.commit()


def plain_world(model):
    """Return a world with one metered price of one version, so that usage is counted in bulk."""
    slug = f"plain-{next(numbers)}"
    tiers = [
        {"up_to": "900", "unit_amount": "1.5", "flat_amount": "0"},
        {"up_to": None, "unit_amount": "0.7", "flat_amount": "0"},
    ]
    metered = MeteredPriceFactory(
        code=f"metered-{slug}", meter=f"meter-{slug}", version__model=model,
        version__tiers=tiers if model == "graduated" else [],
    )  # fmt: skip
    fee = PriceFactory(code=f"fee-{slug}")
    database.session.expire_all()
    organization = make_organization(slug, anchor=ANCHOR, now=ANCHOR)
    make_service(organization, metered, now=ANCHOR, at=ANCHOR)
    database.session.commit()
    return World(organization, fee, metered, [terms_of(metered.versions[0])])
