"""`flask ledger verify`: whether the ledger is what its facts come to, worked out from scratch."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable

import click
from flask.cli import AppGroup

from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.extensions import db
from dashboard.organizations.lookup import organization_by_slug
from dashboard.recount.look import Recounted
from dashboard.recount.models import LedgerRun
from dashboard.recount.runs import (
    Overtaken,
    begin,
    differences_of,
    end,
    keep,
    next_of,
    recount_or_say_why,
)
from dashboard.transaction import transaction

ledger_commands = AppGroup("ledger", help="Work the ledger out again.")
TOLD_EVERY_SECONDS = 5.0
EXAMPLES = 100
NOT_FINISHED = 2


@ledger_commands.command("verify")
@click.option("--organization", "slug", help="Work out this one only, by its slug.")
@click.option("--restart", is_flag=True, help="Start again where a run was stopped midway.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
def verify(slug: str | None, *, restart: bool, as_json: bool) -> None:
    """Work every bill out from its facts; exit 1 where the ledger is something else, 2 if stopped.

    Run it beside everything else: it locks nothing, and reads each organization in one moment.
    """
    if slug:
        found = _one(slug)
        looked, records, items = 1, found.records, found.items
        number, told = len(found.differences), [str(one) for one in found.differences]
    else:
        run = _every(restart=restart)
        looked, records, items, number = run.looked, run.records, run.items, run.differences
        with transaction():
            told = list(differences_of(run, most=None if as_json else EXAMPLES))
    if as_json:
        counts = {"organizations": looked, "usage_records": records, "items": items}
        click.echo(json.dumps(counts | {"differences": told}, indent=2))
    else:
        _tell(told, number)
        click.echo(_summary(looked, records, items, number))
    raise SystemExit(1 if number else 0)


def _one(slug: str) -> Recounted:
    with transaction():
        try:
            organization_id = organization_by_slug(slug).id
        except NotFound as error:
            raise click.ClickException(f"{error.message} Nothing was worked out.") from error
    return recount_or_say_why(organization_id)


def _every(*, restart: bool) -> LedgerRun:
    with transaction():
        run = begin(is_of_clock=False, now=utc_now(), anew=restart)
        run_id, is_resumed = run.id, bool(run.looked)
        if is_resumed:
            click.echo(
                f"Continues the run from {run.begun_at:%Y-%m-%d %H:%M} UTC, after {run.looked:,} "
                "organizations. Use --restart to start again.",
                err=True,
            )
    try:
        return _go_through(run_id, Progress(time.monotonic))
    except Overtaken:
        click.echo("Another process continues this run. Nothing more was done here.", err=True)
    except KeyboardInterrupt:
        click.echo("Stopped. Run the same command again to continue.", err=True)
    raise SystemExit(NOT_FINISHED)


def _go_through(run_id: int, progress: Progress) -> LedgerRun:
    while True:
        with transaction():
            run = _run(run_id)
            organization_id = next_of(run)
            if organization_id is None:
                end(run, now=utc_now())
        if organization_id is None:
            break
        found = recount_or_say_why(organization_id)
        with transaction():
            keep(run, organization_id, found, now=utc_now())
        progress.note(run, found)
    with transaction():
        return _run(run_id)


def _run(run_id: int) -> LedgerRun:
    return db.session.get_one(LedgerRun, run_id, populate_existing=True)


class Progress:
    """How far a run is, said every few seconds."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._began = self._told = seconds()
        self._records = 0

    def note(self, run: LedgerRun, found: Recounted) -> None:
        """Count what was worked out, and say how far it is when it is time."""
        self._records += found.records
        now = self._seconds()
        if now - self._told < TOLD_EVERY_SECONDS:
            return
        self._told = now
        a_second = self._records / max(now - self._began, 0.001)
        click.echo(
            f"{run.looked:,} of {max(run.total, run.looked):,} organizations, "
            f"{a_second:,.0f} usage records a second, "
            f"{run.differences:,} differences",
            err=True,
        )


def _tell(told: Iterable[str], number: int) -> None:
    for one in told:
        click.echo(one)
    if number > EXAMPLES:
        click.echo(f"and {number - EXAMPLES:,} more: see them by --json")


def _summary(looked: int, records: int, items: int, number: int) -> str:
    organizations = "1 organization" if looked == 1 else f"{looked:,} organizations"
    result = "The ledger is the same"
    if number:
        result = "1 difference" if number == 1 else f"{number:,} differences"
    return (
        f"Worked out {organizations} from {records:,} usage records, and compared {items:,} items. "
        f"{result}. Nothing was changed."
    )
