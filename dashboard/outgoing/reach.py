"""Which addresses events may be sent to: the name is resolved once, and that address is used.

Whoever registers an endpoint must not be able to have our machines speak with themselves, with
their neighbors, or with what a cloud tells its machines in secret. Every address that a name has
must be one of the public internet or in a network that the settings allow; connecting to the very
address that was looked at leaves no time in which the name could come to mean another.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

from dashboard.errors import Invalid

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LONGEST_URL = 500
PORTS = {"https": 443, "http": 80}
# Where IPv6 addresses bear one of IPv4 to which they lead: translated, compatible. Of the first
# the world agrees on where they lead; a network's own translations may lead into it.
_NAT64 = ip_network("64:ff9b::/96")
_TRANSLATED = (_NAT64, ip_network("::/96"))
# All of IPv6 that was ever given out to the public.
_GIVEN_OUT = ip_network("2000::/3")
# Said here too: what the library takes for public differs between releases of Python.
_NEVER = tuple(
    ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


class NotReachable(Exception):
    """Events are not sent there; the reason is for an admin to read."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an endpoint is: what its address says."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The host as a request names it."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == PORTS[self.scheme] else f"{shown}:{self.port}"


def target_of(url: str, allowed: Sequence[Network]) -> Target:
    """Return the parts of an address; raises `Invalid` for one that events are never sent to.

    One that is an IP address is looked at already; a name is only when it is resolved. Without
    TLS only allowed networks are reached, so without any `http` is none.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if ":" in host else host.encode("idna").decode() if host else ""
    except (ValueError, UnicodeError):
        raise _invalid("The address cannot be read.") from None
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _invalid(f"The address must be ASCII of at most {LONGEST_URL} characters.")
    if not host or parts.scheme not in PORTS or (parts.scheme == "http" and not allowed):
        raise _invalid("The address must begin with https:// and a host.")
    if parts.username is not None or parts.password is not None or "#" in url:
        raise _invalid("The address must have no user, password or fragment.")
    if port == 0:
        raise _invalid("The address has no such port.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, host, port or PORTS[parts.scheme], path)
    literal = _literal(host)
    if literal is not None:
        try:
            check(literal, target, allowed)
        except NotReachable as why:
            raise _invalid(str(why)) from None
    return target


def addresses_of(target: Target, allowed: Sequence[Network], *, seconds: float) -> list[Address]:
    """Return the addresses that a host has now; raises `NotReachable` if one may not be reached."""
    found = _resolved(target, seconds)
    for one in found:
        check(one, target, allowed)
    return found


def check(address: Address, target: Target, allowed: Sequence[Network]) -> None:
    """Raise `NotReachable` for an address that is neither public nor allowed."""
    if all(any(one in network for network in allowed) for one in (address, *_within(address))):
        return
    if target.scheme == "http":
        raise NotReachable(f"{target.host} is not in an allowed network, so it needs https://.")
    if any(not _is_public(one) for one in (address, *_within(address))):
        raise NotReachable(
            f"{target.host} has the address {address}, which is private. Only public addresses "
            "and the networks of EVENTS_ALLOWED_NETWORKS are reached."
        )


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address in _NAT64:
        # Its IPv4 address is looked at beside it.
        return True
    if isinstance(address, IPv6Address) and address not in _GIVEN_OUT:
        return False
    return address.is_global and not any(address in network for network in _NEVER)


def _within(address: Address) -> Iterator[Address]:
    """Yield the IPv4 addresses that one of IPv6 leads to."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if any(address in network for network in _TRANSLATED):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _literal(host: str) -> Address | None:
    """Return the address that a host is, also as old parsers read it: 127.1, 0x7f000001."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host[-1:].isalnum() else None
    except OSError:
        return None


def _resolved(target: Target, seconds: float) -> list[Address]:
    """Return what the resolver says; apart, as nothing else bounds how long it takes."""
    told: SimpleQueue[list[Address] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            told.put([ip_address(str(one[4][0]).partition("%")[0]) for one in found])
        except (OSError, UnicodeError) as error:
            told.put(OSError(str(error)))

    Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = told.get(timeout=seconds)
    except Empty:
        raise NotReachable(f"{target.host} could not be resolved in time.") from None
    if isinstance(answer, OSError) or not answer:
        raise NotReachable(f"{target.host} could not be resolved.")
    return list(dict.fromkeys(answer))


def _invalid(why: str) -> Invalid:
    return Invalid(f"{why} Nothing was changed.", field="url")
