"""`flask stripe conformance`: does this Stripe behave as we assume?"""

from __future__ import annotations

import click

from dashboard.gateway.conformance.api import LiveKeyRefused
from dashboard.gateway.conformance.registry import UNVERIFIED
from dashboard.gateway.conformance.runner import CheckResult, UnknownCheck, run_checks

STRIPE = "https://api.stripe.com"

stripe_commands = click.Group("stripe", help="Questions to Stripe.")


@stripe_commands.command()
@click.option("--api-key", envvar="STRIPE_API_KEY", required=True, help="A test key (sk_test_…).")
@click.option("--base-url", envvar="STRIPE_API_BASE", default=STRIPE, show_default=True)
@click.option("--only", multiple=True, metavar="CHECK", help="An id like keys.replays, or an area.")
def conformance(api_key: str, base_url: str, only: tuple[str, ...]) -> None:
    """Check every assumption the product makes about Stripe; exit 1 if one does not hold.

    Creates customers and invoices in the account of the key and puts them away again.
    """
    try:
        results = run_checks(base_url or STRIPE, api_key, only=only or None)
    except (LiveKeyRefused, UnknownCheck) as problem:
        raise click.ClickException(str(problem)) from problem
    for result in results:
        _print(result)
    broken = [result for result in results if result.outcome != "held"]
    click.echo(f"{len(results) - len(broken)} of {len(results)} assumptions hold at {base_url}.")
    if broken:
        raise SystemExit(1)


def _print(result: CheckResult) -> None:
    known = "settles an UNVERIFIED" if result.source == UNVERIFIED else result.source
    click.echo(f"{result.outcome:8} {result.id:28} {result.sentence} [{known}]")
    if result.seen:
        click.echo(f"{'':8} {'':28} seen: {result.seen}")
