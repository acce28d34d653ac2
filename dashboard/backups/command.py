"""`flask backup …`: PostgreSQL's own programs, with one folder for all of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from dashboard.backups.put_back import put_back
from dashboard.backups.take import check, receive_wal, take_base
from dashboard.backups.tools import CannotBackUp
from dashboard.clock import utc_now
from dashboard.config import Config

backup_commands = AppGroup("backup", help="Back PostgreSQL up into a folder, and put it back.")
FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
URL = click.option(
    "--url", envvar="BACKUP_URL",
    help="A role with the attribute REPLICATION; by default that of DATABASE_URL.",
)  # fmt: skip


@backup_commands.command("base")
@FOLDER
@URL
def base(folder: Path, url: str | None) -> None:
    """Copy the whole cluster into FOLDER; each night, say."""
    try:
        made = take_base(url or _own_url(), folder, now=utc_now())
    except CannotBackUp as error:
        raise click.ClickException(error.message) from error
    click.echo(f"The base backup is {made}.")


@backup_commands.command("wal")
@FOLDER
@URL
def wal(folder: Path, url: str | None) -> None:
    """Write the WAL into FOLDER as it comes, until it is stopped; keep it running."""
    try:
        receive_wal(url or _own_url(), folder)
    except CannotBackUp as error:
        raise click.ClickException(error.message) from error


@backup_commands.command("check")
@FOLDER
def look(folder: Path) -> None:
    """Verify the newest base backup in FOLDER, and say how far its WAL leads."""
    try:
        found = check(folder)
    except CannotBackUp as error:
        raise click.ClickException(error.message) from error
    at, path = found.bases[-1]
    click.echo(f"{path} of {at:%Y-%m-%d %H:%M:%S} UTC is whole.")
    click.echo(f"{found.segments:,} segments of WAL, the newest of {found.newest_at:%H:%M:%S} UTC.")


@backup_commands.command("restore")
@FOLDER
@click.option("--to", required=True, help="The moment, as 2026-11-28T09:30:00+00:00.")
@click.option(
    "--data", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="The data directory to make; it must not exist, or be empty.",
)  # fmt: skip
def restore(folder: Path, to: str, data: Path) -> None:
    """Make a data directory that PostgreSQL recovers to a moment as it starts."""
    try:
        at = datetime.fromisoformat(to)
        made = put_back(folder, data, to=at if at.tzinfo else at.replace(tzinfo=UTC))
    except ValueError as error:
        raise click.ClickException(
            "The moment cannot be read. Nothing was changed. Write it as 2026-11-28T09:30:00+00:00."
        ) from error
    except CannotBackUp as error:
        raise click.ClickException(error.message) from error
    click.echo(
        f"{data} begins with {made}. Start PostgreSQL on it, then the product, which notices that "
        "it was restored: see Restores, or `flask --app wsgi restores show`."
    )


def _own_url() -> str:
    config: Config = current_app.extensions["config"]
    return config.database_url.replace("postgresql+psycopg://", "postgresql://", 1)
