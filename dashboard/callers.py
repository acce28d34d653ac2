"""Where a request comes from, as a proxy or the connection tells it, and who that is."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

# A subscriber of IPv6 has 2^64 addresses at the least, and may ask by another each time.
SUBSCRIBER_BITS = 64
# Some proxies tell the port of the caller along, and so another text for each connection.
_WITH_PORT = re.compile(
    r"(\d+(?:\.\d+){3}):\d+|\[([0-9a-f:.]+)\](?::\d+)?", re.ASCII | re.IGNORECASE
)


def address_in(told: str | None) -> str | None:
    """Return the address that is told of a caller, in its one form; None where there is none."""
    found = _read(told or "")
    return None if found is None else str(found)


@lru_cache(maxsize=1024)
def who_is_at(told: str | None) -> str:
    """Return by what the tries of a caller are counted: their address, or their part of IPv6."""
    found = _read(told or "")
    if not isinstance(found, IPv6Address):
        return str(found or told)
    rest = 128 - SUBSCRIBER_BITS
    return f"{IPv6Address(int(found) >> rest << rest)}/{SUBSCRIBER_BITS}"


def _read(told: str) -> IPv4Address | IPv6Address | None:
    has_port = _WITH_PORT.fullmatch(told)
    bare = (has_port[1] or has_port[2]) if has_port else told.partition("%")[0]
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    # IPv4 over a socket of IPv6 is the same caller as without.
    return (isinstance(found, IPv6Address) and found.ipv4_mapped) or found
