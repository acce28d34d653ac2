"""`flask close …`: how far the close of all is, and its pause, where there is no browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import click
from flask.cli import with_appcontext
from wtforms.validators import ValidationError

from dashboard.audit.actor import Actor
from dashboard.billing.policy import current_policy
from dashboard.clock import utc_now
from dashboard.close_rehearsal.anomalies import WORDS
from dashboard.close_rehearsal.models import CloseRehearsal
from dashboard.close_rehearsal.rounds import ask_rehearsal
from dashboard.closing.limits import end_limit, limits_in_force, set_limit
from dashboard.closing.pause import open_pause, pause_closings, resume_closings
from dashboard.closing.progress import progress
from dashboard.closing.words import close_words, limit_words
from dashboard.currencies import TAKEN
from dashboard.errors import Invalid
from dashboard.extensions import db
from dashboard.forms.amounts import read_amount
from dashboard.money import Money
from dashboard.organizations.lookup import organization_by_slug
from dashboard.people_commands import refusals_in_words
from dashboard.pricing.exact import major_text
from dashboard.reading.close_progress import close_counts, held_by_reason
from dashboard.reading.rehearsals import rehearsed
from dashboard.transaction import transaction
from jobs.closing_means import means
from jobs.rehearsals import rehearse_now

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
        held = held_by_reason(now=now)
    click.echo(close_words(told))
    click.echo(limit_words(told, has))
    window = current_policy().closing_window
    if window:
        click.echo(f"Closes are spread over {window.total_seconds() / 3600:g} h.")
    if has.held is not None:
        click.echo(f"Held{_until(has.held.until)}: {has.held.reason}")
    for one in held:
        click.echo(f"{one.bills:>8,} on hold  {one.code}")


@close_commands.command("pause")
@click.option("--hours", type=click.FloatRange(0.01, 168), required=True, help="For how long.")
@click.option("--reason", required=True, help="Why: shown to all who look.")
@click.option("--replace", is_flag=True, help="Take the place of the pause that holds.")
@with_appcontext
def pause(hours: float, reason: str, replace: bool) -> None:
    """Issue no bill for some hours; what has begun is finished first."""
    with refusals_in_words(), transaction():
        now = utc_now()
        until = (now + timedelta(hours=hours)).replace(microsecond=0)
        seen = open_pause(now=now) if replace else None
        replaces = seen.id if seen else None
        pause_closings(until=until, reason=reason, actor=OPERATOR, now=now, replaces=replaces)
    click.echo(f"Closings are paused{_until(until)}.")


@close_commands.command("resume")
@with_appcontext
def resume() -> None:
    """Let closings go on."""
    with refusals_in_words(), transaction():
        resume_closings(None, actor=OPERATOR, now=utc_now())
    click.echo("Closings are not paused.")


@close_commands.command("limits")
@with_appcontext
def show_limits() -> None:
    """Say above which amounts bills wait for approval."""
    with refusals_in_words(), transaction():
        found = limits_in_force()
        for limit, whose in found:
            amount = major_text(Decimal(limit.cents), limit.currency)
            click.echo(f"{whose.slug if whose else 'all':<24} above {amount}, by {limit.set_by}")
    if not found:
        click.echo("No limit is set.")


@close_commands.command("limit")
@click.argument("currency")
@click.argument("amount")
@click.option("--reason", required=True, help="Why: kept in the audit trail.")
@click.option("--organization", help="Of this one alone, by its name in addresses.")
@with_appcontext
def limit(currency: str, amount: str, reason: str, organization: str | None) -> None:
    """Have bills above AMOUNT of CURRENCY wait for approval; `none` takes the limit away."""
    with refusals_in_words(), transaction():
        now, code = utc_now(), currency.lower()
        whose = organization_by_slug(organization) if organization else None
        if amount == "none":
            for one, of in limits_in_force():
                if one.currency == code and of == whose:
                    end_limit(one.id, reason=reason, actor=OPERATOR, now=now)
            click.echo("No such limit is in force.")
            return
        wanted = _amount(amount, code)
        set_limit(wanted, organization=whose, reason=reason, actor=OPERATOR, now=now)
    click.echo(f"Bills above {major_text(Decimal(wanted.cents), code)} wait for approval.")


def _amount(typed: str, currency: str) -> Money:
    if currency not in TAKEN:
        raise Invalid(f"{currency} is no currency that is billed in. Nothing was changed.")
    try:
        return read_amount(typed, currency)
    except ValidationError as error:
        raise Invalid(str(error)) from None


@close_commands.command("rehearse")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@with_appcontext
def rehearse(day: datetime) -> None:
    """Rehearse the closes of DAY (UTC): nothing is changed, and Stripe is not called."""
    with refusals_in_words():
        with transaction():
            begun = ask_rehearsal(day.date(), actor=OPERATOR, now=utc_now())
            db.session.flush()
            found_id = begun.id
        rehearse_now()
        with transaction():
            found = rehearsed(db.session.get_one(CloseRehearsal, found_id), now=utc_now())
            one = found.rehearsal
            if one.ended_at is None:
                click.echo("Another process rehearses it, too: the page has the rest.")
            click.echo(f"{one.looked:,} bills, {found.calls:,} calls to Stripe as they stand.")
            click.echo(f"{found.holds.foretold:,} would be held, {found.odd_in_all:,} are odd.")
            for bill in (*found.held, *found.odd):
                said = bill.why or ", ".join(WORDS.get(name, name) for name in bill.anomalies)
                click.echo(f"  {bill.slug} invoice {bill.sequence}: {said}")


def _until(at: datetime | None) -> str:
    return f" until {at:%Y-%m-%d %H:%M} UTC" if at else ""
