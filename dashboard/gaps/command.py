"""`flask stripe gaps`: look now for what only one of Stripe and the ledger knows; exit code 1."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from dashboard.clock import utc_now
from dashboard.gaps.gap import KINDS
from dashboard.gaps.keep import open_gaps
from dashboard.gaps.rounds import look
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.reasons import calling_for
from dashboard.transaction import checkpoint, rollback

NOT_FINISHED = 2
HOW = {
    "fetch": "Fetch it on the page Invariants.",
    "follow": "Have it read again on the page Invariants.",
    "sync": "Have it verified on the page Invariants.",
    "at_stripe": "Look at it in Stripe's dashboard, and delete what is not wanted there.",
}


@click.command("gaps")
@click.option("--reads", default=500, show_default=True, help="Read at most so many pages.")
@with_appcontext
def gaps(reads: int) -> None:
    """Look through Stripe's events, drafts, open invoices and customers; exit 1 for gaps."""
    with calling_for("reread"):
        try:
            taken = look(
                gateway=current_app.extensions["gateway"],
                reads=reads,
                now=utc_now(),
                checkpoint=checkpoint,
                is_asked=True,
            )
        except GatewayError as error:
            rollback()
            raise click.ClickException(
                f"Stripe could not be asked: {error} What was read is kept. Try again later."
            ) from error
    found = open_gaps()
    for one in found:
        click.echo(f"{one.told} {HOW[KINDS[one.kind].repair]}")
    pages = "1 page" if taken == 1 else f"{taken:,} pages"
    gaps_ = "no gap" if not found else "1 gap" if len(found) == 1 else f"{len(found):,} gaps"
    click.echo(f"Read {pages} at Stripe; {gaps_}. Nothing was changed there.")
    raise SystemExit(1 if found else 0)
