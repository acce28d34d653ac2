"""`flask restores …`: say that the ledger was restored, see what is apart, and release it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask.cli import AppGroup

from dashboard.audit.actor import Actor
from dashboard.clock import utc_now
from dashboard.errors import BillingError
from dashboard.restores.finding import KINDS
from dashboard.restores.held import why_comparing, why_held
from dashboard.restores.look import findings_of
from dashboard.restores.mark_row import this_mark
from dashboard.restores.notice import notice, open_restore
from dashboard.restores.release import end_comparison, last_restore, release
from dashboard.transaction import checkpoint, transaction

OPERATOR = Actor("system", None, "Command line")
TOLD = "An operator says that the ledger was restored to an earlier moment."
restore_commands = AppGroup("restores", help="A ledger that is older than what Stripe was told.")


@restore_commands.command("show")
def show() -> None:
    """Print whether the ledger is held, and what is apart; exit 1 while it is held."""
    with transaction():
        why, restore = why_held() or why_comparing(), last_restore()
        click.echo("Held: " + why if why else "Not held.")
        if why:
            click.echo('To let it go on: flask --app wsgi restores release --reason "…"')
        if restore is not None:
            since = f"{restore.since:%Y-%m-%d %H:%M:%S} UTC"
            click.echo(f"Restore {restore.id}. Senders repeat their usage since {since}.")
            for one in findings_of(restore):
                state = "done " if one.settled_at else ""
                click.echo(f"{state}{one.told} {KINDS[one.kind].recipe}")
    raise SystemExit(1 if why else 0)


@restore_commands.command("hold")
@click.option("--since", help="The moment it was restored to, as 2026-11-28T09:30:00+00:00.")
def hold(since: str | None) -> None:
    """Hold the ledger: closings and calls to Stripe wait until it is released."""
    now = utc_now()
    at = _moment(since, now)
    with transaction():
        this_mark()
        found = notice("asked", TOLD, since=at, now=now, by=OPERATOR)
        click.echo(f"Restore {found.id}: the ledger is held. Stripe is read back by a worker.")


@restore_commands.command("release")
@click.option("--reason", help="Why it may be released though something is apart.")
def let_go(reason: str | None) -> None:
    """Release the ledger once Stripe was read back and what is apart is put right."""
    try:
        with transaction():
            restore, now = open_restore(), utc_now()
            if restore is not None:
                release(restore.id, actor=OPERATOR, now=now, reason=reason, checkpoint=checkpoint)
            elif why_comparing() is not None:
                end_comparison(actor=OPERATOR, now=now, reason=reason)
            else:
                raise click.ClickException("The ledger is not held. Nothing was changed.")
    except BillingError as error:
        raise click.ClickException(error.message) from error
    click.echo("The ledger is released. What waits goes on within a minute.")


def _moment(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now - timedelta(hours=1)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.ClickException(
            "The moment cannot be read. Nothing was changed. Write it as 2026-11-28T09:30:00+00:00."
        ) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if not timedelta() < now - at <= timedelta(days=29):
        raise click.ClickException(
            "The moment must lie in the last 29 days: Stripe keeps events no longer. Nothing was "
            "changed."
        )
    return at
