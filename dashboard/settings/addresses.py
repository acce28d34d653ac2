"""Addresses in settings: one that could never be reached, or led to, stops the start."""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from redis import ConnectionPool
from redis.exceptions import RedisError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from dashboard.settings.names import listed

# Options of the driver's own, which an address can only hold as text that it misreads.
NOT_IN_ADDRESS = {"autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory"}
UNREADABLE = (
    "cannot be read: percent-encode : / @ ? # % in a password, and give the port as a number"
)
PORTS = range(1, 65536)
USUAL_PORTS = {"http": ":80", "https": ":443"}
OWN = (
    "must be http:// or https://, the host name of requests (xn--… beyond ASCII), the port if it "
    "is not the usual one, and the path if pages are below one"
)
_OWN = re.compile(
    r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?(/[a-z0-9._~-]+)*/?",
    re.ASCII | re.IGNORECASE,
)


def database_address(value: str) -> str:
    """Return where PostgreSQL is, with the driver named; raises ValueError."""
    # A bare postgresql:// would leave the choice of driver to SQLAlchemy's version.
    for prefix in ("postgresql://", "postgres://"):
        if value.startswith(prefix):
            value = "postgresql+psycopg://" + value.removeprefix(prefix)
    if not value.startswith("postgresql+psycopg://"):
        raise ValueError("must be a postgresql:// address")
    _check_options(parse_qs(urlsplit(value).query, keep_blank_values=True))
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError(UNREADABLE) from None
    # What an unencoded password leaves behind; colons are for an IPv6 address.
    is_torn = "@" in f"{url.host}{url.database}" or f"{url.host}".count(":") == 1
    if is_torn or (url.port is not None and url.port not in PORTS):
        raise ValueError(UNREADABLE)
    return value


def _check_options(options: Collection[str]) -> None:
    for name in NOT_IN_ADDRESS.intersection(options):
        raise ValueError(
            f"{name} does not belong in the address: DATABASE_PREPARED_STATEMENTS turns prepared "
            "statements on or off"
        )
    try:
        make_conninfo("", **dict.fromkeys(options, "1"))
    except ProgrammingError as error:
        raise ValueError(f"has an option that PostgreSQL does not know: {error}") from None


def redis_address(value: str) -> str:
    """Return where Redis is; raises ValueError."""
    try:
        pool = ConnectionPool.from_url(value)
        # Made, not opened: an option that nobody knows shows only here.
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, RedisError):
        raise ValueError(
            "must be a redis://, rediss:// or unix:// address, with the password percent-encoded "
            "and the options of redis-py"
        ) from None
    parts = urlsplit(value)
    if parts.scheme == "unix":
        if len(parts.path) < 2:
            raise ValueError("must name the socket, such as unix:///run/redis.sock")
    elif not re.fullmatch(r"/?\d*", parts.path):
        raise ValueError("must end in a database number, such as redis://host:6379/0")
    authority = pool.connection_kwargs.get("ssl_ca_certs")
    if authority and not Path(authority).is_file():
        raise ValueError(f"names {authority} as ssl_ca_certs, and there is no such file")
    return value


def web_address(value: str) -> str:
    """Return an address of the web without a slash at its end; raises ValueError."""
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    is_plain = is_address and value.isascii() and not re.search(r"[\s\"'<>\\]", value)
    if not is_plain or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an http:// or https:// address")
    return value.rstrip("/")


def own_address(value: str | None) -> str | None:
    """Return where people reach the pages, as browsers write it (`Origin` is compared with it).

    Raises ValueError for what no request could be for.
    """
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(OWN) from None
    if not _OWN.fullmatch(value) or port == 0 or {".", ".."} & set(parts.path.split("/")):
        raise ValueError(OWN)
    host = parts.netloc.lower().removesuffix(USUAL_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}{parts.path}"


def networks(value: str) -> str:
    """Return addresses and networks, separated by commas; raises ValueError."""
    for part in listed(value):
        if ip_network(part).prefixlen == 0:
            raise ValueError(f"{part} is every address: any caller could claim to be any other")
    return value
