"""`flask invariants`: a line for each, examples of what is broken, and an exit code."""

import json

from flask import Flask
from sqlalchemy import text

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.invariants import rounds
from dashboard.invariants.command import EXAMPLES
from dashboard.invariants.keep import CONFIRMED_AFTER
from dashboard.invariants.known import EVERY_INVARIANT, INVARIANTS
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.support.environment import ROOT


def run(app: Flask, *options: str):
    return app.test_cli_runner().invoke(args=["invariants", *options])


def shop(count: int) -> None:
    """Make so many organizations."""
    with transaction():
        for number in range(count):
            make_organization(f"shop-{number:02}", now=utc_now(), anchor=utc_now())


def break_totals() -> None:
    with transaction():
        database.session.execute(text("update invoices set total_cents = 700"))


def test_all_that_holds_is_said_with_how_many_were_looked_at(app: Flask, db: object) -> None:
    shop(2)
    told = run(app)
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert lines[:-1] == [f"holds  {one.holds}" for one in INVARIANTS]
    assert lines[-1] == "Looked at 2 organizations. Nothing was changed."


def test_what_is_broken_is_told_with_examples_and_fails(app: Flask, db: object) -> None:
    shop(EXAMPLES + 2)
    break_totals()
    told = run(app)
    assert told.exit_code == 1
    assert "BROKEN 12  The items of every invoice add up to its total." in told.output
    assert "    shop-00, invoice 1: total $7.00, items $0.00.\n" in told.output
    assert "    and 2 more: see them by --json\n" in told.output
    document = json.loads(run(app, "--json").output)
    assert document["looked_at"] == EXAMPLES + 2
    [items] = (one for one in document["invariants"] if one["name"] == "items_add_up")
    assert len(items["broken"]) == EXAMPLES + 2


def test_what_the_clock_found_is_told_too(app: Flask, db: object) -> None:
    shop(2)
    break_totals()
    begun = utc_now() - CONFIRMED_AFTER
    with transaction():
        rounds.look_further(now=begun)
    once = "    The clock saw it fail once, and looks again within a minute.\n"
    assert once in run(app).output
    with transaction():
        rounds.look_again(now=begun + CONFIRMED_AFTER)
    since = f"{begun:%Y-%m-%d %H:%M} UTC"
    assert f"    The clock found it of 2 organizations since {since}.\n" in run(app).output
    document = json.loads(run(app, "--json").output)
    assert document["last_round_began_at"] == begun.isoformat()
    [items] = (one for one in document["invariants"] if one["name"] == "items_add_up")
    assert items["kept"] == {
        "organizations": 2, "places": 2, "since": begun.isoformat(), "seen_once": 0
    }  # fmt: skip


def test_one_organization_is_looked_at_by_itself(app: Flask, db: object) -> None:
    shop(2)
    break_totals()
    told = run(app, "--organization", "shop-01")
    assert told.exit_code == 1
    assert "shop-00" not in told.output
    assert told.output.endswith("Looked at 1 organization. Nothing was changed.\n")


def test_an_unknown_organization_is_refused(app: Flask, db: object) -> None:
    told = run(app, "--organization", "nobody")
    assert told.exit_code == 1
    assert "There is no organization named nobody." in told.output
    assert "Nothing was looked at." in told.output


def test_the_guide_for_operators_names_all_of_them() -> None:
    guide = (ROOT / "docs" / "operating.md").read_text()
    assert [
        one.name for one in EVERY_INVARIANT if f"| `{one.name}` | {one.holds} |" not in guide
    ] == []
