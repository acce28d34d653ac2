"""Make the past, step by step, and tell how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from dashboard.billing.policy import current_policy, set_policy
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.mail.bills import NEWS
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from demo.accounts import seed_token, seed_users
from demo.ledger import seed_prices
from demo.organizations import DemoOrganization
from demo.past.bookmark import Bookmark
from demo.past.timeline import Step, steps
from demo.past.world import World, can_be_moved, moved
from demo.seed import connected
from demo.settings import DemoSettings, demo_password

Tell = Callable[[str], object]
NO_CLOCK = "Stripe's clock cannot be moved, so the demo has no past there. Its bills begin today."


def make_past(settings: DemoSettings, cast: Sequence[DemoOrganization], *, tell: Tell) -> None:
    """Make what is missing of the past; needs an application context, the web and the simulator.

    Nothing else may close cycles meanwhile: the clock starts afterwards. Raises ApiAway,
    ApiRefused, StripeSaidNo; a second call goes on where one ended.
    """
    mark = Bookmark.read(settings.data)
    if mark is None and (not can_be_moved(settings) or not _is_new(cast)):
        tell(NO_CLOCK if not can_be_moved(settings) else "These organizations exist already.")
        return
    mark = mark or Bookmark.of(utc_now())
    if mark.is_done:
        return
    mark.keep(settings.data)
    with transaction():
        seed_users(demo_password(settings), now=utc_now())
        token = seed_token(settings, now=utc_now())
    today = datetime.fromisoformat(mark.today)
    with connected(settings, token) as (api, stripe):
        seed_prices(api)
        with moved(settings, stripe, today=today) as world:
            _play(world, steps(cast, today=today), mark, settings, tell)


@contextmanager
def _mails_what_is_news(at: datetime, today: datetime) -> Iterator[None]:
    """Mail bills of the last days alone: of older ones no mailbox has to hear."""
    usual = current_policy()
    set_policy(replace(usual, mails_bills=usual.mails_bills and today - at < NEWS))
    try:
        yield
    finally:
        set_policy(usual)


def _play(
    world: World, wanted: Sequence[Step], mark: Bookmark, settings: DemoSettings, tell: Tell
) -> None:
    told = ""
    for number, step in enumerate(wanted[mark.steps :], start=mark.steps + 1):
        month = f"{step.at:%B %Y}"
        if month != told:
            tell(f"{month}: step {number} of {len(wanted)}")
            told = month
        world.move_to(step.at)
        with _mails_what_is_news(step.at, datetime.fromisoformat(mark.today)):
            step.act(world)
        # What a step has read is not needed by the next.
        db.session.remove()
        mark = replace(mark, steps=number)
        mark.keep(settings.data)
    world.listen()
    replace(mark, is_done=True).keep(settings.data)


def _is_new(cast: Sequence[DemoOrganization]) -> bool:
    """Whether nobody with a past is there: without a bookmark they were made by other means."""
    slugs = [one.slug for one in cast if one.months]
    with transaction():
        return not db.session.query(Organization).filter(Organization.slug.in_(slugs)).count()
