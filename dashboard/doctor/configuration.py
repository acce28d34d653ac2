"""What is set, and whether what is installed is what the release was tested with."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.config import Config
from dashboard.doctor.finding import Finding, look, mend, ok

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "base.txt"
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
SHORTEST_KEY = 32
NEW_KEY = "Set one made by `python3 -c 'import secrets; print(secrets.token_urlsafe(48))'`."


def findings(config: Config) -> Iterator[Finding]:
    """Yield what is found of the settings; they could all be read, or there would be no process."""
    yield ok("settings", "all of them could be read")
    yield address(config)
    yield cookies(config)
    yield secret(config)
    yield mail(config)
    yield seller(config)
    yield packages()


def address(config: Config) -> Finding:
    """Return whether links lead to where people reach the pages."""
    name, found = "EXTERNAL_URL", config.external_address
    if config.external_url is None:
        return look(name, f"it is not set: links begin with {found}", "Set it to your own address.")
    if urlsplit(found).scheme == "http" and config.is_live:
        return mend(name, f"{found} is not encrypted", "Let a proxy end TLS, and set https://…")
    return ok(name, found)


def cookies(config: Config) -> Finding:
    """Return whether sessions travel over TLS only."""
    name, is_https = "SESSION_COOKIE_SECURE", config.external_address.startswith("https:")
    if config.session_cookie_secure:
        return ok(name, "sessions travel over TLS only")
    if is_https or config.is_live:
        return mend(name, "it is false: sessions travel in the clear too", "Remove the setting.")
    return look(name, "it is false", "That is for plain HTTP on one's own machine only.")


def secret(config: Config) -> Finding:
    """Return whether the key of the sessions is hard to guess."""
    if len(config.secret_key) < SHORTEST_KEY or len(set(config.secret_key)) < SHORTEST_KEY // 4:
        return mend("SECRET_KEY", "it is short, or of few characters", NEW_KEY)
    return ok("SECRET_KEY", f"{len(config.secret_key)} characters")


def mail(config: Config) -> Finding:
    """Return whether invitations and links for passwords leave by mail."""
    if config.mail_target is None:
        seen = "mails are off: links are handed over by whoever makes them"
        return look("MAIL_URL", seen, "Set it, and MAIL_FROM, to have them sent.")
    return ok("MAIL_URL", f"mails come from {config.mail_from}")


def seller(config: Config) -> Finding:
    """Return whether invoices as documents say who sells."""
    if not config.seller_name or not config.seller_address:
        seen = "invoices as documents do not say who sells, and where"
        return look("SELLER_NAME", seen, "Set it, and SELLER_ADDRESS and SELLER_TAX_ID.")
    return ok("SELLER_NAME", f"invoices come from {config.seller_name}")


def packages() -> Finding:
    """Return whether the installed packages are those of this release's lock file."""
    name = "packages"
    wanted = PINNED.findall(LOCK.read_text()) if LOCK.exists() else []
    others = [
        f"{one} {_installed(one)}, not {pin}" for one, pin in wanted if _installed(one) != pin
    ]
    if others:
        some = "; ".join(others[:3]) + ("; …" if len(others) > 3 else "")
        return mend(name, some, "Run `python3 bin/setup.py image` and start the processes again.")
    return ok(name, f"{len(wanted)} as locked, Python {platform.python_version()}")


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
