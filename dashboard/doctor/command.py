"""`flask doctor`: what is the matter, line by line; exit code 1 when something has to be mended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext

from dashboard.doctor.examine import examine
from dashboard.doctor.finding import Area, is_well

MARKS = {"ok": "ok  ", "look": "look", "mend": "MEND"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Say what is the matter with this installation and what to do; exit 1 if anything is."""
    areas = examine(current_app._get_current_object())  # type: ignore[attr-defined]  # the proxy's own
    well = is_well(areas)
    if as_json:
        found = {"is_well": well, "areas": [asdict(area) for area in areas]}
        click.echo(json.dumps(found, indent=2))
    else:
        for line in lines(areas):
            click.echo(line)
    raise SystemExit(0 if well else 1)


def lines(areas: Sequence[Area]) -> Iterator[str]:
    """Yield a line for each finding, and under it what to do."""
    for area in areas:
        yield area.name
        for one in area.findings:
            yield f"  {MARKS[one.state]}  {one.name}: {one.seen}"
            if one.to_do:
                yield f"        {one.to_do}"
    to_mend = sum(one.state == "mend" for area in areas for one in area.findings)
    yield "Nothing needs a fix." if not to_mend else f"To fix: {to_mend}."
