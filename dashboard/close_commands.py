"""`flask close …`: how far the close of all is, and its pause, where there is no browser."""

from __future__ import annotations

from datetime import datetime, timedelta

import click
from flask.cli import with_appcontext

from dashboard.audit.actor import Actor
from dashboard.clock import utc_now
from dashboard.closing.pause import pause_closings, resume_closings
from dashboard.closing.progress import progress
from dashboard.closing.words import close_words, limit_words
from dashboard.people_commands import refusals_in_words
from dashboard.reading.close_progress import close_counts, held_by_reason
from dashboard.sync.held import go_on
from dashboard.transaction import transaction
from jobs.closing_means import means

OPERATOR = Actor("system", None, "Command line")

close_commands = click.Group("close", help="The close of all bills whose cycles are over.")


@close_commands.command("progress")
@with_appcontext
def show_progress() -> None:
    """Say how many are issued, how long it goes on, and what it waits for."""
    with refusals_in_words(), transaction():
        now = utc_now()
        has = means(now=now)
        told = progress(close_counts(now=now), has, now=now)
        held = held_by_reason()
    click.echo(close_words(told))
    click.echo(limit_words(told, has))
    if has.held is not None:
        click.echo(f"Held{_until(has.held.until)}: {has.held.reason}")
    for one in held:
        click.echo(f"{one.bills:>8,} on hold  {one.code}")


@close_commands.command("pause")
@click.option("--hours", type=click.FloatRange(0.01, 168), required=True, help="For how long.")
@click.option("--reason", required=True, help="Why: shown to all who look.")
@with_appcontext
def pause(hours: float, reason: str) -> None:
    """Issue no bill for some hours; what has begun is finished first."""
    with refusals_in_words(), transaction():
        now = utc_now()
        until = (now + timedelta(hours=hours)).replace(microsecond=0)
        pause_closings(until=until, reason=reason, actor=OPERATOR, now=now)
    click.echo(f"Closings are paused{_until(until)}.")


@close_commands.command("resume")
@with_appcontext
def resume() -> None:
    """Let closings go on."""
    with refusals_in_words(), transaction():
        resume_closings(None, actor=OPERATOR, now=utc_now())
        go_on()
    click.echo("Closings are not paused.")


def _until(at: datetime | None) -> str:
    return f" until {at:%Y-%m-%d %H:%M} UTC" if at else ""
