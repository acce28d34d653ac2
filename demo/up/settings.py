"""What `make run` is to use: what the environment names, and our own for everything it does not."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIMULATOR_KEY = "sk_test_sandbox"
SIMULATOR_SECRET = "whsec_sandbox"  # noqa: S105  the simulator signs with it; it guards nothing


class CannotStart(Exception):
    """`make run` cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Settings:
    """Where things are and which of them are ours."""

    data: Path
    host: str
    port: int
    simulator_port: int
    own_postgres: bool
    own_redis: bool
    own_stripe: bool
    demo: bool

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the product."""
        return f"http://{self.host}:{self.port}"

    @property
    def simulator_address(self) -> str:
        """Where the simulator listens."""
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def mails(self) -> Path:
        """The folder of the demo's mails."""
        return self.data / "mails"

    def log(self, part: str) -> Path:
        """The log file of one part."""
        return self.data / "logs" / f"{part}.log"


def read_settings() -> Settings:
    """Return the settings of the environment. Raises CannotStart naming a wrong one."""
    refuse_live_key()
    port = _port("PORT", 8000)
    data = Path(os.environ.get("DATA_DIR") or ".data")
    return Settings(
        data=(ROOT / data).resolve(),
        host=os.environ.get("HOST") or "127.0.0.1",
        port=port,
        # The second is what it was called before; who has set it need not change.
        simulator_port=_port("SIMULATOR_PORT", _port("SANDBOX_PORT", port + 1)),
        own_postgres=not os.environ.get("DATABASE_URL"),
        own_redis=not os.environ.get("REDIS_URL"),
        own_stripe=not os.environ.get("STRIPE_API_KEY"),
        demo=os.environ.get("DEMO", "1") != "0",
    )


def refuse_live_key() -> None:
    """Raise CannotStart for a key that moves real money, or one without its webhook secret."""
    key = os.environ.get("STRIPE_API_KEY", "")
    if "_live_" in key:
        raise CannotStart(
            "STRIPE_API_KEY is a live key. `make run` is for trying the product out: it creates "
            "demo data and would bill real customers. Deploy as README.md says instead."
        )
    if key and not os.environ.get("STRIPE_WEBHOOK_SECRET"):
        raise CannotStart(
            "STRIPE_API_KEY is set but STRIPE_WEBHOOK_SECRET is not. `stripe listen` prints one "
            "(README.md, Real Stripe); or unset both to use the Stripe simulator."
        )


def secret_key(data: Path) -> str:
    """Return the key that signs this demo's sessions, made at the first start and then kept."""
    path = data / "secret-key"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"{name} must be a port from 1 to 65535, not {text!r}.")
    return int(text)
