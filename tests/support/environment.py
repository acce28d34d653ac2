"""The settings under which tests run the product, in this process and in others."""

import os
from pathlib import Path

from dashboard.config import Config

ROOT = Path(__file__).resolve().parents[2]
# Nothing listens there: a test that calls Stripe without asking for the simulator fails at once.
NOWHERE = "http://127.0.0.1:9"


def settings(database_url: str, redis_url: str) -> dict[str, str]:
    """Return the environment variables that describe the product under test."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a key for tests, never for anything else",
        "STRIPE_API_KEY": "sk_test_sandbox",
        "STRIPE_WEBHOOK_SECRET": "whsec_sandbox",
        "STRIPE_API_BASE": NOWHERE,
        "SESSION_COOKIE_SECURE": "false",
        "LOG_LEVEL": "WARNING",
        # As many as no test and no benchmark asks for.
        "TOKEN_REQUESTS_PER_MINUTE": "1000000000",
        "DATA_DIR": str(ROOT / "build" / "tests"),
    }


def config(database_url: str, redis_url: str) -> Config:
    """Return the same settings for an application in this process."""
    values = {name.lower(): value for name, value in settings(database_url, redis_url).items()}
    return Config(**values, testing=True)  # type: ignore[arg-type]  # pydantic parses the strings


def child_environment(database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """Return the whole environment for a process of the product started by a test."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **settings(database_url, redis_url), **more}


def with_driver(database_url: str) -> str:
    """Return the address as SQLAlchemy wants it, the driver named."""
    return database_url.replace("postgresql://", "postgresql+psycopg://", 1)
