"""`flask invariants`: what must hold of the money and does not; exit code 1 when something does."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import click
from flask.cli import with_appcontext

from dashboard.clock import utc_now
from dashboard.errors import NotFound
from dashboard.invariants.known import INVARIANTS
from dashboard.invariants.look import Broken, look_at, look_at_all
from dashboard.invariants.tallies import Tally, last_round_at, tallies_now
from dashboard.organizations.lookup import organization_by_slug
from dashboard.transaction import transaction

EXAMPLES = 10


@click.command("invariants")
@click.option("--organization", "slug", help="Look at this one only, by its slug.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@with_appcontext
def invariants(slug: str | None, as_json: bool) -> None:
    """Look whether bills, usage and Stripe's lines add up; exit 1 where something does not."""
    looked, broken = _look(slug)
    if as_json:
        click.echo(json.dumps(_document(looked, broken), indent=2))
    else:
        for line in lines(looked, broken):
            click.echo(line)
    raise SystemExit(1 if broken else 0)


def lines(looked: int, broken: Mapping[str, Sequence[Broken]]) -> Iterator[str]:
    """Yield a line for each invariant, and under it examples of where it does not hold."""
    kept = tallies_now()
    for invariant in INVARIANTS:
        places = broken.get(invariant.name, ())
        yield f"{f'BROKEN {len(places)}' if places else 'holds'}  {invariant.holds}"
        yield from (f"    {one}" for one in places[:EXAMPLES])
        if len(places) > EXAMPLES:
            yield f"    and {len(places) - EXAMPLES} more: see them by --json"
        if invariant.name in kept:
            yield f"    {_of_kept(kept[invariant.name])}"
    count = "1 organization" if looked == 1 else f"{looked:,} organizations"
    yield f"Looked at {count}. Nothing was changed."


def _of_kept(kept: Tally) -> str:
    """Return what the clock's looks have kept of an invariant that did not hold."""
    if not kept.since:
        return "The clock saw it fail once, and looks again within a minute."
    number = kept.organizations
    organizations = "1 organization" if number == 1 else f"{number:,} organizations"
    return f"The clock found it of {organizations} since {kept.since:%Y-%m-%d %H:%M} UTC."


def _look(slug: str | None) -> tuple[int, dict[str, list[Broken]]]:
    broken: dict[str, list[Broken]] = defaultdict(list)
    looked = 0
    for count, found in [_look_at_one(slug)] if slug else look_at_all():
        looked += count
        for one in found:
            broken[one.invariant.name].append(one)
    return looked, broken


def _look_at_one(slug: str) -> tuple[int, Sequence[Broken]]:
    with transaction():
        try:
            organization = organization_by_slug(slug)
        except NotFound as error:
            raise click.ClickException(f"{error.message} Nothing was looked at.") from error
        return 1, look_at([organization.id], now=utc_now())


def _document(looked: int, broken: Mapping[str, Sequence[Broken]]) -> dict[str, object]:
    kept, begun_at = tallies_now(), last_round_at()
    return {
        "looked_at": looked,
        "last_round_began_at": begun_at and begun_at.isoformat(),
        "invariants": [
            {
                "name": one.name,
                "holds": one.holds,
                "broken": [str(place) for place in broken.get(one.name, ())],
                "kept": _document_of_kept(kept.get(one.name, Tally())),
            }
            for one in INVARIANTS
        ],
    }


def _document_of_kept(kept: Tally) -> dict[str, object]:
    return {
        "organizations": kept.organizations,
        "places": kept.places,
        "since": kept.since and kept.since.isoformat(),
        "seen_once": kept.unconfirmed,
    }
