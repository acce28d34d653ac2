"""`flask ledger verify`: all or one, told with an exit code, and continued where it was stopped."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard.clock import utc_now
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.recount import command
from dashboard.recount.models import LedgerDifference, LedgerRun
from dashboard.recount.runs import recount_or_say_why
from dashboard.transaction import transaction
from tests.factories import make_organization
from tests.recount.conftest import damage

SAME = "The ledger is the same. Nothing was changed.\n"


@pytest.fixture
def shops(db: object) -> list[int]:
    """Four organizations with nothing but a first invoice."""
    with transaction():
        return [make_organization(f"shop-{n}", now=utc_now(), anchor=utc_now()).id for n in "abcd"]


def run(app: Flask, *options: str):
    return app.test_cli_runner().invoke(args=["ledger", "verify", *options])


def break_totals() -> None:
    damage("update invoices set total_cents = 700")


def test_a_ledger_that_is_the_same_is_said_with_what_was_worked_out(
    app: Flask, acme: Organization
) -> None:
    told = run(app)
    assert told.exit_code == 0, told.output
    assert told.stdout == (
        "Worked out 1 organization from 4 usage records, and compared 8 items. " + SAME
    )


def test_nobody_at_all_is_the_same(app: Flask, db: object) -> None:
    told = run(app)
    assert (told.exit_code, told.stdout) == (
        0, "Worked out 0 organizations from 0 usage records, and compared 0 items. " + SAME
    )  # fmt: skip


def test_differences_are_told_and_fail(app: Flask, shops: list[int]) -> None:
    break_totals()
    told = run(app)
    assert told.exit_code == 1
    first, *_, last = told.stdout.splitlines()
    assert first == (
        "shop-a, invoice 1: the facts come to $0.00, the ledger has $7.00, $7.00 too much. "
        "Its total is not what its items come to."
    )
    assert last.endswith("4 differences. Nothing was changed.")
    document = json.loads(run(app, "--json").stdout)
    assert (document["organizations"], len(document["differences"])) == (4, 4)


def test_more_than_a_page_of_them_are_counted(
    app: Flask, shops: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "EXAMPLES", 1)
    break_totals()
    assert "\nand 3 more: see them by --json\n" in run(app).stdout


def test_one_organization_is_worked_out_by_itself(app: Flask, shops: list[int]) -> None:
    break_totals()
    told = run(app, "--organization", "shop-b")
    assert told.exit_code == 1
    assert told.stdout.startswith("shop-b, invoice 1: ")
    assert "Worked out 1 organization from" in told.stdout
    assert database.session.scalar(select(func.count()).select_from(LedgerRun)) == 0


def test_an_unknown_organization_is_refused(app: Flask, db: object) -> None:
    told = run(app, "--organization", "nobody")
    assert told.exit_code == 1
    assert "There is no organization named nobody." in told.output
    assert "Nothing was worked out." in told.output


MENDED = """
    update invoices set total_cents = 0
    where organization_id = (select id from organizations where slug = 'shop-a')
"""
# An item of a cycle that is not there.
NOWHERE = """
    insert into invoice_items (organization_id, invoice_id, kind, key, cycle_id, description,
        quantity, amount_cents, carried_cents, period_start, period_end, trace, revision,
        created_at, updated_at, price_version_id, service_id)
    select invoices.organization_id, invoices.id, 'recurring', 'k', 99999999, 'Odd', 1, 1, 0,
        now(), now(), '{}', 1, now(), now(), 99999999, 99999999
    from invoices join organizations on organizations.id = organization_id where slug = 'shop-b'
"""


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def killed_after(monkeypatch: pytest.MonkeyPatch):
    """Let the process be killed while it works out one more than so many organizations."""

    def after(most: int, how: type[BaseException] = Killed) -> list[int]:
        seen: list[int] = []

        def counted(organization_id: int):
            if len(seen) == most:
                raise how
            seen.append(organization_id)
            return recount_or_say_why(organization_id)

        monkeypatch.setattr(command, "recount_or_say_why", counted)
        return seen

    return after


def test_who_is_killed_goes_on_where_it_was_and_tells_what_it_had_found(
    app: Flask, shops: list[int], killed_after
) -> None:
    break_totals()
    killed_after(2)
    with pytest.raises(Killed):
        app.test_cli_runner().invoke(args=["ledger", "verify"], catch_exceptions=False)
    damage(MENDED)
    seen = killed_after(9)
    told = run(app)
    assert seen == shops[2:]
    assert "after 2 organizations. Use --restart to start again." in told.stderr
    # What the first two had was found then.
    assert [one.split(",")[0] for one in told.stdout.splitlines()[:4]] == [
        "shop-a", "shop-b", "shop-c", "shop-d"
    ]  # fmt: skip
    assert database.session.scalar(select(func.count()).select_from(LedgerDifference)) == 4


def test_who_is_interrupted_is_told_how_to_go_on(
    app: Flask, shops: list[int], killed_after
) -> None:
    killed_after(1, KeyboardInterrupt)
    told = run(app)
    assert told.exit_code == command.NOT_FINISHED
    assert "Stopped. Run the same command again to continue." in told.stderr
    killed_after(9)
    told = run(app, "--restart")
    assert (told.exit_code, "Worked out 4 organizations" in told.stdout) == (0, True)


def test_two_at_once_tell_nothing_twice(
    app: Flask, shops: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_totals()

    def overtaken(organization_id: int):
        found = recount_or_say_why(organization_id)
        with transaction():
            [one] = database.session.scalars(select(LedgerRun))
            one.place = shops[-1]
        return found

    monkeypatch.setattr(command, "recount_or_say_why", overtaken)
    told = run(app)
    assert told.exit_code == command.NOT_FINISHED
    assert "Another process continues this run." in told.stderr
    assert database.session.scalar(select(func.count()).select_from(LedgerDifference)) == 0


def test_a_run_of_the_day_before_is_not_continued(
    app: Flask, shops: list[int], killed_after
) -> None:
    killed_after(1, KeyboardInterrupt)
    run(app)
    with transaction():
        [one] = database.session.scalars(select(LedgerRun))
        one.moved_at -= timedelta(days=1)
    seen = killed_after(9)
    assert run(app).exit_code == 0
    assert seen == shops


def test_an_organization_made_meanwhile_is_worked_out_too(
    app: Flask, shops: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def makes_one(organization_id: int):
        if not made:
            with transaction():
                made.append(make_organization("new", now=utc_now(), anchor=utc_now()).id)
        return recount_or_say_why(organization_id)

    monkeypatch.setattr(command, "recount_or_say_why", makes_one)
    assert "Worked out 5 organizations" in run(app).stdout


def test_what_cannot_be_worked_out_is_told_and_stops_nobody(app: Flask, shops: list[int]) -> None:
    damage(NOWHERE)
    told = run(app)
    assert told.exit_code == 1
    assert "shop-b, the ledger: " in told.stdout
    assert "It cannot be worked out: KeyError" in told.stdout
    assert "Worked out 4 organizations" in told.stdout


def test_how_far_it_is_is_said(
    app: Flask, shops: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "TOLD_EVERY_SECONDS", 0.0)
    lines = run(app).stderr.splitlines()
    assert lines[0].startswith("1 of 4 organizations, ")
    assert lines[-1].endswith(" usage records a second, 0 differences")
