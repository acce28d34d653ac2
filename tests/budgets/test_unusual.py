"""A product far from its habit is one alert, with its numbers, until it is usual again."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import select

from dashboard.budgets.models import UnusualUsage
from dashboard.budgets.unusual import find_unusual, next_slice
from dashboard.letters.write import letter_of
from dashboard.mail.models import Mail
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.budgets.support import member
from tests.factories import MeteredPriceFactory, make_organization, make_service
from tests.support.needs import look_now, sentences
from tests.support.queries import count_queries
from tests.support.usage import record_batch

DAY = timedelta(days=1)
# A Tuesday, in the second cycle.
NOW = datetime.fromisoformat("2026-05-12T15:00:00+00:00")
BEGAN = datetime.fromisoformat("2026-04-10T00:00:00+00:00")


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """An organization that used ten dollars of requests on each of the last 32 days."""
    with transaction():
        made = make_organization("acme", anchor=BEGAN, now=BEGAN)
        price = MeteredPriceFactory(name="Data transfer")
        for label in ("web", "replay"):
            make_service(made, price, at=BEGAN, now=BEGAN, label=label, external_id=label)
    member(made)
    use(*((BEGAN + number * DAY, 200) for number in range(31)))
    return made


def use(*days: tuple[datetime, int], service: str = "web", slug: str = "acme") -> None:
    """Have so many requests on these days on the bill; they cost five cents each."""
    with transaction():
        entries = [
            ReportedRecord(slug, "requests", f"{service}:{at}:{count}", Decimal(count),
                           at + DAY / 2, service=service)
            for at, count in days
        ]  # fmt: skip
        record_batch(entries, now=max(NOW, days[-1][0] + DAY))


def look(acme: Organization, *, now: datetime = NOW, is_mailed: bool = True) -> int:
    """Look once, as the job does."""
    with transaction():
        return find_unusual([acme.id], now=now, is_mailed=is_mailed)


def only(db: SQLAlchemy) -> UnusualUsage:
    """Return the one episode."""
    db.session.expire_all()
    return db.session.scalars(select(UnusualUsage)).one()


def test_a_day_far_from_its_habit_is_one_alert_with_its_numbers(
    acme: Organization, db: SQLAlchemy
) -> None:
    assert look(acme) == 0
    use((BEGAN + 31 * DAY, 700), (BEGAN + 32 * DAY, 100), service="replay")
    assert look(acme) == 1
    assert look(acme) == 0
    episode = only(db)
    assert (episode.product, episode.began_on) == ("Data transfer", date(2026, 5, 11))
    assert (episode.service_label, episode.ended_on) == ("replay", None)
    assert episode.habit_cents > 0
    assert episode.above_cents == episode.cents - episode.habit_cents
    assert episode.times.startswith("3.")
    assert db.session.scalars(select(Mail.address)).all() == ["ada@example.com"]


def test_today_is_told_as_soon_as_it_is_far_and_not_before(acme: Organization) -> None:
    use((BEGAN + 31 * DAY, 200))
    use((BEGAN + 32 * DAY, 300))
    assert look(acme) == 0
    use((BEGAN + 32 * DAY, 500), service="replay")
    assert look(acme) == 1


def test_an_episode_grows_and_ends_with_a_usual_day(acme: Organization, db: SQLAlchemy) -> None:
    use((BEGAN + 31 * DAY, 800))
    look(acme)
    first = only(db).cents
    use((BEGAN + 32 * DAY, 900))
    look(acme)
    assert only(db).cents > first
    use((BEGAN + 33 * DAY, 200))
    look(acme, now=NOW + 2 * DAY)
    episode = only(db)
    assert (episode.last_on, episode.ended_on) == (date(2026, 5, 12), date(2026, 5, 13))
    assert look_now() == []


def test_what_comes_after_an_end_is_another_episode(acme: Organization, db: SQLAlchemy) -> None:
    use((BEGAN + 31 * DAY, 800))
    look(acme)
    use((BEGAN + 32 * DAY, 200), (BEGAN + 33 * DAY, 200), (BEGAN + 34 * DAY, 900))
    look(acme, now=NOW + DAY)
    assert look(acme, now=NOW + 2 * DAY) == 1
    assert len(db.session.scalars(select(UnusualUsage)).all()) == 2


def test_a_new_level_is_a_habit_after_two_weeks(acme: Organization, db: SQLAlchemy) -> None:
    use(*((BEGAN + number * DAY, 900) for number in range(31, 47)))
    look(acme)
    later = NOW + 14 * DAY
    look(acme, now=later)
    assert only(db).ended_on == later.date()
    assert look(acme, now=later) == 0


def test_it_needs_a_person_for_as_long_as_it_goes_on(acme: Organization, db: SQLAlchemy) -> None:
    use((BEGAN + 31 * DAY, 800))
    look(acme)
    [need] = look_now()
    assert (need.organization_id, need.stake_cents) == (acme.id, only(db).above_cents)
    assert sentences() == [
        "Unusual: Data transfer at 4.0 times its habit since 11 May, most of it on “web”."
    ]


def test_what_is_within_its_allowance_costs_nothing_and_alarms_nobody(db: SQLAlchemy) -> None:
    with transaction():
        free = make_organization("free", anchor=BEGAN, now=BEGAN)
        price = MeteredPriceFactory(version__allowance=Decimal(10**9))
        make_service(free, price, at=BEGAN, now=BEGAN, external_id="web")
    use(*((BEGAN + number * DAY, 200) for number in range(31)), slug="free")
    use((BEGAN + 31 * DAY, 90_000), slug="free")
    assert look(free) == 0


def test_a_slice_costs_the_same_statements_whatever_is_in_it(
    acme: Organization, db: SQLAlchemy
) -> None:
    organization_id = acme.id
    with count_queries(db.engine) as queries, transaction():
        find_unusual([organization_id], now=NOW, is_mailed=True)
    assert queries.count == 3


def test_slices_come_to_everybody(acme: Organization) -> None:
    with transaction():
        others = [make_organization(f"other-{number}").id for number in range(3)]
    found, place = [], 0
    while place is not None:
        ids, place = next_slice(place, most=2)
        found += ids
    assert found == [acme.id, *others]


def test_a_member_who_does_not_want_it_is_not_mailed(db: SQLAlchemy) -> None:
    with transaction():
        quiet = make_organization("acme", anchor=BEGAN, now=BEGAN)
        make_service(quiet, MeteredPriceFactory(), at=BEGAN, now=BEGAN, external_id="web")
    member(quiet, mails_unusual=False)
    use(*((BEGAN + number * DAY, 200) for number in range(31)))
    use((BEGAN + 31 * DAY, 900))
    assert look(quiet) == 1
    assert db.session.scalars(select(Mail)).all() == []


@pytest.mark.parametrize(("label", "times"), [("replay", 1), ("Data transfer", 0)])
def test_a_mail_names_the_service_that_has_another_name_than_its_product(
    acme: Organization, db: SQLAlchemy, label: str, times: int
) -> None:
    use((BEGAN + 31 * DAY, 800), service="replay")
    look(acme)
    only(db).service_label = label
    letter = letter_of(db.session.scalars(select(Mail)).one(), now=NOW)
    for form in (letter.text, letter.html):
        assert form.count("most of it on") == times
