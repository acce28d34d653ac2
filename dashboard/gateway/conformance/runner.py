"""Runs the checks one after another and puts everything they made away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import requests

from dashboard.gateway.conformance import (
    account,
    after_issue,
    cards,
    currencies,
    drafts,
    keys,
    life,
    lines,
    payments,
    subscriptions,
    taxes,
)
from dashboard.gateway.conformance.api import Api
from dashboard.gateway.conformance.bench import Bench, Differs, SetupFailed
from dashboard.gateway.conformance.registry import Check

CHECKS: tuple[Check, ...] = (
    *drafts.check.all,
    *lines.check.all,
    *keys.check.all,
    *life.check.all,
    *account.check.all,
    *currencies.check.all,
    *after_issue.check.all,
    *cards.check.all,
    *payments.check.all,
    *taxes.check.all,
    *subscriptions.check.all,
)

Outcome = Literal["held", "differs", "error"]


@dataclass(frozen=True)
class CheckResult:
    """What became of one check; `seen` says what Stripe did instead, empty when it held."""

    id: str
    sentence: str
    source: str
    outcome: Outcome
    seen: str = ""


class UnknownCheck(ValueError):
    """A check was asked for by a name that none has."""


def run_checks(
    base_url: str, api_key: str, *, only: Collection[str] | None = None
) -> list[CheckResult]:
    """Run all checks, or those named in `only` (an id, or an area like "lines").

    Raises LiveKeyRefused for a key that is no test key, UnknownCheck for a name that none has.
    """
    chosen = CHECKS if only is None else _chosen(only)
    api = Api(base_url, api_key)
    try:
        return [_run(check, api) for check in chosen]
    finally:
        api.close()


def _chosen(only: Collection[str]) -> list[Check]:
    known = {check.id for check in CHECKS} | {_area(check) for check in CHECKS}
    if unknown := sorted(set(only) - known):
        raise UnknownCheck(f"There is no check named {unknown[0]}.")
    return [check for check in CHECKS if check.id in only or _area(check) in only]


def _area(check: Check) -> str:
    return check.id.partition(".")[0]


def _run(check: Check, api: Api) -> CheckResult:
    outcome, seen = _outcome(check, api)
    return CheckResult(check.id, check.sentence, check.source, outcome, seen)


def _outcome(check: Check, api: Api) -> tuple[Outcome, str]:
    bench = Bench(api)
    try:
        check.body(bench)
    except Differs as difference:
        return "differs", str(difference)
    except (SetupFailed, requests.RequestException, KeyError, ValueError) as problem:
        return "error", f"{type(problem).__name__}: {problem}"
    finally:
        bench.put_away()
    return "held", ""
