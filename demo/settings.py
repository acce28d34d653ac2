"""Where the demo finds the product, and when it refuses to touch it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from dashboard.config import Config, ConfigError

PASSWORD_FILE = "demo-password"  # noqa: S105  its name
# Letters and digits that nobody mixes up when typing them off a screen.
CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"


class DemoRefused(ConfigError):
    """The demo would do harm here; the message says why."""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """The product's address, Stripe's, and the directory that the demo keeps its secrets in."""

    address: str
    data: Path
    stripe_api_base: str
    stripe_api_key: str

    @property
    def token_file(self) -> Path:
        """Where the raw API token of the demo's sub-systems is kept; only we can read it."""
        return self.data / "demo-token"

    @property
    def password_file(self) -> Path:
        """Where the password of the three demo users is kept; only we can read it."""
        return self.data / PASSWORD_FILE


def demo_settings(config: Config) -> DemoSettings:
    """Return the settings; raise DemoRefused where real money moves or nobody wants a demo."""
    if config.is_live:
        raise DemoRefused(
            "STRIPE_API_KEY is a live key. The demo creates customers and bills them, so it runs "
            "only with the Stripe simulator or a test key. Nothing was created."
        )
    if os.environ.get("DEMO", "1") == "0":
        raise DemoRefused("DEMO is 0, so no demo data was created.")
    return DemoSettings(
        address=os.environ.get("DASHBOARD_URL") or f"http://127.0.0.1:{config.port}",
        data=config.data_dir,
        stripe_api_base=config.stripe_api_base,
        stripe_api_key=config.stripe_api_key,
    )


def demo_password(settings: DemoSettings) -> str:
    """Return the password of the demo users, made up at the first start and then kept.

    Not a constant: `make run` may listen on more than this machine, and one of the users is admin.
    """
    path = settings.password_file
    if not path.exists():
        letters = "".join(secrets.choice(CLEAR) for _ in range(8))
        write_private(path, f"demo-{letters[:4]}-{letters[4:]}")
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write `text` to a file that only we can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
