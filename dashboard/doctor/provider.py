"""Stripe: the key's mode, its answer and its clock, and the endpoint that it delivers events to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from dashboard.clock import utc_now
from dashboard.config import Config
from dashboard.doctor import clocks
from dashboard.doctor.finding import Finding, look, mend, ok
from dashboard.gateway.errors import GatewayError, Misconfigured
from dashboard.gateway.event_records import RemoteEndpoint
from dashboard.gateway.protocol import Gateway

STRIPE = "https://api.stripe.com"
IN_DASHBOARD = "in Stripe's dashboard, under Webhooks"
# It can be set only when one is made.
ANOTHER = (
    "Create another endpoint with version {version}, add its secret to STRIPE_WEBHOOK_SECRET, "
    "then delete the old endpoint."
)
LOCAL = ("http://localhost", "http://127.0.0.1")


def findings(
    config: Config, gateway: Gateway, *, path: str, types: Collection[str], version: str
) -> Iterator[Finding]:
    """Yield what is found of Stripe by one read; events of `types` are to come to `path`."""
    yield mode(config)
    before = utc_now()
    try:
        told = gateway.endpoints()
    except Misconfigured as error:
        to_do = (
            "Is STRIPE_API_KEY right? A restricted key needs permission to read webhook endpoints."
        )
        yield mend("key", error.message, to_do)
        return
    except GatewayError as error:
        yield mend("answer", error.message, "If this continues, see https://status.stripe.com.")
        return
    yield ok("key", "it is accepted")
    if told.date is not None:
        # A date without fractions may be a second older than it reads.
        after = utc_now() + timedelta(seconds=1)
        yield clocks.compare("Stripe", told.date, before=before - timedelta(seconds=1), after=after)
    yield from endpoint(f"{config.external_address.rstrip('/')}{path}", told.all, types, version)


def mode(config: Config) -> Finding:
    """Return whose money moves."""
    if config.stripe_api_base != STRIPE:
        seen = f"STRIPE_API_BASE is {config.stripe_api_base}: no real money moves"
        return look("mode", seen, "Remove the setting to use Stripe itself.")
    if config.is_live:
        return ok("mode", "live: real money moves")
    return look("mode", "test: no real money moves", "Set a live key when you are ready.")


def endpoint(
    wanted: str, known: Sequence[RemoteEndpoint], types: Collection[str], version: str
) -> Iterator[Finding]:
    """Yield what is found of the endpoint at `wanted` among those that Stripe knows."""
    ours = next((one for one in known if one.url.rstrip("/") == wanted), None)
    if ours is None:
        yield missing(wanted, known)
        return
    if ours.is_enabled:
        yield ok("webhook endpoint", f"{ours.url}, enabled")
    else:
        seen = (
            f"{ours.url} is disabled: Stripe does not redeliver its events, and they are only read "
            "back hourly"
        )
        yield mend("webhook endpoint", seen, f"Enable it {IN_DASHBOARD}.")
    lacking = sorted(set(types) - set(ours.types)) if "*" not in ours.types else []
    if lacking:
        seen = f"it is not sent {', '.join(lacking)}"
        yield mend("event types", seen, f"Add them {IN_DASHBOARD}.")
    else:
        yield ok("event types", "it is sent all the events the product needs")
    if ours.api_version == version:
        yield ok("event version", version)
    else:
        seen = f"events have {ours.api_version or 'the version of the account'}"
        yield mend("event version", seen, ANOTHER.format(version=version))


def missing(wanted: str, known: Sequence[RemoteEndpoint]) -> Finding:
    """Return that Stripe does not know where we are."""
    others = ", ".join(one.url for one in known) or "none"
    seen = f"Stripe has none at {wanted}; it has {others}"
    if wanted.startswith(LOCAL):
        return look("webhook endpoint", seen, "On your own machine, use `stripe listen` instead.")
    return mend(
        "webhook endpoint",
        seen,
        f"Add one {IN_DASHBOARD} (docs/operating.md), or correct EXTERNAL_URL.",
    )
