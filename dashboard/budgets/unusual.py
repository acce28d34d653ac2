"""Find the products whose days cost far more than they are used to: one alert for each episode.

An episode begins with such a day and ends with the first whole day that is none; after two weeks it
ends too, for by then it is a habit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import BigInteger, select, text

from dashboard.budgets.days import Costs, Product, costs_by_product, service_above
from dashboard.budgets.habit import DAYS, Habit, floor_of
from dashboard.budgets.look import MAILED_WITHIN
from dashboard.budgets.models import UnusualUsage
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.statement import any_of
from dashboard.usage.arrays import integers, texts

DAY = timedelta(days=1)
LONGEST = 14 * DAY
REACH = DAYS * DAY + LONGEST + 2 * DAY

NOTE = text("""
    with found as (
        select * from unnest(
            cast(:organizations as bigint[]), cast(:products as varchar[]),
            cast(:began as date[]), cast(:last as date[]), cast(:cents as bigint[]),
            cast(:habits as bigint[]), cast(:currencies as varchar[]),
            cast(:services as varchar[]))
            as found (organization_id, product, began_on, last_on, cents, habit_cents, currency,
                      service_label)
    ), noted as (
        insert into unusual_usage (organization_id, product, began_on, last_on, cents, habit_cents,
                                   currency, service_label, noted_at)
        select organization_id, product, began_on, last_on, cents, habit_cents, currency,
               service_label, :now
        from found order by organization_id, product
        on conflict do nothing
        returning id, organization_id
    ), mailed as (
        insert into mails
            (kind, address, unusual_usage_id, created_at, ends_at, attempts, next_attempt_at)
        select 'unusual', users.email, noted.id, :now, :ends_at, 0, :now
        from noted
        join memberships using (organization_id)
        join users on users.id = memberships.user_id
        where :is_mailed and memberships.mails_unusual
          and memberships.role in ('owner', 'billing') and users.is_active
    )
    select count(*) from noted
""")


class Episode(NamedTuple):
    """Days of a product that are far from its habit, and what they came to."""

    product: Product
    began_on: date
    last_on: date
    cents: int
    habit_cents: int
    costs: Costs


def next_slice(place: int, *, most: int) -> tuple[Sequence[int], int | None]:
    """Return the next organizations by id, and where those after them begin, None at the end."""
    query = select(Organization.id).where(Organization.id > place).order_by(Organization.id)
    ids = db.session.scalars(query.limit(most)).all()
    return ids, ids[-1] if len(ids) == most else None


def find_unusual(organization_ids: Collection[int], *, now: datetime, is_mailed: bool) -> int:
    """Note new episodes of these organizations and follow those that go on; return how many new."""
    today = now.date()
    costs = costs_by_product(organization_ids, first=today - REACH, now=now)
    going_on = _going_on(organization_ids)
    for product, episode in going_on.items():
        _follow(episode, costs.get(product), today)
    new = [
        found
        for product, of in costs.items()
        if product not in going_on and (found := _new_episode(product, of, today)) is not None
    ]
    return _note(new, now, is_mailed=is_mailed) if new else 0


def _going_on(organization_ids: Collection[int]) -> Mapping[Product, UnusualUsage]:
    query = select(UnusualUsage).where(
        UnusualUsage.organization_id == any_of(organization_ids, BigInteger),
        UnusualUsage.ended_on.is_(None),
    )
    rows = db.session.scalars(query)
    return {(one.organization_id, one.product): one for one in rows}


def _new_episode(product: Product, costs: Costs, today: date) -> Episode | None:
    """Return the episode that began yesterday or today; what is past is no news."""
    for began in (today - DAY, today):
        found = _episode(product, costs, began, today)
        if found is not None and found.last_on >= today - DAY:
            return found
    return None


def _episode(product: Product, costs: Costs, began: date, today: date) -> Episode | None:
    """Return what came of the days since `began`, up to the last that is far from its habit."""
    if not costs.by_day.get(began):
        return None
    before = [began - number * DAY for number in range(DAYS, 0, -1)]
    habit = Habit(costs.on(before), floor_of(costs.currency))
    if not habit.is_known:
        return None
    days = [began + number * DAY for number in range((today - began).days + 1)]
    values = costs.on(days)
    far = [ahead for ahead, cents in enumerate(values) if habit.is_far(cents, ahead)]
    if not far or far[0] != 0:
        return None
    end = far[-1] + 1
    usual = sum(habit.of(ahead) for ahead in range(end))
    return Episode(product, began, days[far[-1]], sum(values[:end]), usual, costs)


def _follow(episode: UnusualUsage, costs: Costs | None, today: date) -> None:
    """Add what came since, and end the episode where yesterday was a day like others."""
    product = (episode.organization_id, episode.product)
    found = _episode(product, costs, episode.began_on, today) if costs else None
    if found is None:
        # Its usage was taken off since; what was told stays told.
        episode.ended_on = today
        return
    episode.last_on, episode.cents = found.last_on, found.cents
    episode.habit_cents = found.habit_cents
    if found.last_on < today - DAY:
        episode.ended_on = found.last_on + DAY
    elif today - found.began_on >= LONGEST:
        episode.ended_on = today


def _note(found: Sequence[Episode], now: datetime, *, is_mailed: bool) -> int:
    services = [
        service_above(
            one.product[0],
            one.costs.main_price([one.last_on]),
            began=one.began_on,
            last=one.last_on,
            now=now,
        )
        for one in found
    ]
    asked = {
        "organizations": integers(one.product[0] for one in found),
        "products": texts(one.product[1] for one in found),
        "began": [one.began_on for one in found],
        "last": [one.last_on for one in found],
        "cents": integers(one.cents for one in found),
        "habits": integers(one.habit_cents for one in found),
        "currencies": texts(one.costs.currency for one in found),
        "services": texts(services),
        "now": now,
        "ends_at": now + MAILED_WITHIN,
        "is_mailed": is_mailed,
    }
    return int(db.session.execute(NOTE, asked).scalar_one())
