"""The environment that every part of the product is started with."""

import os
import shlex
from pathlib import Path

from dashboard.hosts import EVERY, HERE
from demo.up.settings import (
    ROOT,
    SIMULATOR_KEY,
    SIMULATOR_SECRET,
    Settings,
    secret_key,
)
from demo.users import USERS, email_of


def product_environment(
    settings: Settings, *, database_url: str | None, redis_url: str | None
) -> dict[str, str]:
    """Return the variables for our own parts; None leaves what the environment already says."""
    prepared = os.environ.get("DATABASE_PREPARED_STATEMENTS", "true")
    ours = {
        "DATABASE_URL": database_url,
        # No pooler stands before a server of our own.
        "DATABASE_PREPARED_STATEMENTS": prepared if settings.own_postgres else None,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(settings.data),
        "PORT": str(settings.port),
        "SECRET_KEY": os.environ.get("SECRET_KEY") or secret_key(settings.data),
        # Plain HTTP on this machine: a secure cookie would never come back.
        "SESSION_COOKIE_SECURE": os.environ.get("SESSION_COOKIE_SECURE", "false"),
        "DASHBOARD_URL": settings.address,
        "EXTERNAL_URL": os.environ.get("EXTERNAL_URL") or settings.address,
        "TRUSTED_HOSTS": os.environ.get("TRUSTED_HOSTS") or _names(settings),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        **_stripe(settings),
        **_haste(settings),
        **_mail(settings),
        **_seller(settings),
        "DEMO_ACCOUNTS": ", ".join(email_of(one.label) for one in USERS) if settings.demo else None,
    }
    return {name: value for name, value in ours.items() if value is not None}


def _names(settings: Settings) -> str:
    """Return by which names it may be called: any, where it listens to more than this machine."""
    return "" if settings.host in HERE else EVERY


def _stripe(settings: Settings) -> dict[str, str]:
    if not settings.own_stripe:
        return {}
    return {
        "STRIPE_API_KEY": SIMULATOR_KEY,
        "STRIPE_WEBHOOK_SECRET": SIMULATOR_SECRET,
        "STRIPE_API_BASE": settings.simulator_address,
    }


def _haste(settings: Settings) -> dict[str, str]:
    """Return the demo's own pace, where the environment names none: one can watch it work.

    And the limit above which a second person approves: the demo has one of each role.
    """
    pace = {
        # Whoever tries the demo runs a receiver beside it.
        "EVENTS_ALLOWED_NETWORKS": "127.0.0.0/8",
        "SYNC_INTERVAL_SECONDS": "120", "CLOSING_GRACE_SECONDS": "60", "APPROVE_ABOVE": "1000",
    }  # fmt: skip
    return {name: os.environ.get(name) or value for name, value in pace.items() if settings.demo}


def _mail(settings: Settings) -> dict[str, str]:
    """Return where the demo's mails go, where the environment names no place: to a folder."""
    if not settings.demo or os.environ.get("MAIL_URL"):
        return {}
    return {
        "MAIL_URL": settings.mails.as_uri(),
        "MAIL_FROM": os.environ.get("MAIL_FROM") or "Billing dashboard <billing@example.com>",
    }


def _seller(settings: Settings) -> dict[str, str]:
    """Return who sells in the demo, where the environment names nobody."""
    seller = {
        "SELLER_NAME": "Tallowmere Cloud, Inc.",
        "SELLER_ADDRESS": "418 Alder Street, Floor 3; Springfield, OR 97000; United States",
        "SELLER_TAX_ID": "00-1234567",
        "SELLER_EMAIL": "billing@tallowmere.example",
    }
    is_named = bool(os.environ.get("SELLER_NAME"))
    return seller if settings.demo and not is_named else {}


def write_for_shells(path: Path, environment: dict[str, str]) -> None:
    """Write the variables to a file that only we can read, for `set -a; . .data/environment`."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
    path.touch(mode=0o600)
    path.write_text("".join(lines))
