"""The way to Stripe: one pool of connections for all threads of a process, over urllib3.

The library's own client over requests reads the environment's proxies, merges cookies and sessions
and prepares a request object for each call, which took as much of the processor as sending it, and
keeps a connection for each thread of a batch, which ends with the thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager, Timeout, make_headers
from urllib3.exceptions import HTTPError

# More than the threads of a batch: what is beyond is opened anew for each call.
KEPT = 64


class NoAnswer(Exception):
    """Nothing, or not a whole answer, came back: what was sent may have been carried out."""


class Wire:
    """Sends requests to the host of `address`, through the environment's proxy where it has one."""

    def __init__(self, address: str, timeout_seconds: float, ca_bundle: str) -> None:
        how: dict[str, Any] = {
            "maxsize": KEPT,
            "timeout": Timeout(connect=timeout_seconds, read=timeout_seconds),
            "ca_certs": ca_bundle,
        }
        proxy = proxy_of(address)
        if proxy is None:
            self._pool = PoolManager(**how)
        else:
            self._pool = ProxyManager(proxy, proxy_headers=_authority_of(proxy), **how)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Return content, status and headers of the answer, whatever it says; raises `NoAnswer`.

        Once: whether to send again is decided where the effect of a call is known.
        """
        told = {"Accept-Encoding": "gzip, deflate", **headers}
        try:
            answer = self._pool.urlopen(
                method.upper(), url, body=body, headers=told, retries=False, redirect=False
            )
        except (HTTPError, OSError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error
        return answer.data, answer.status, answer.headers


def proxy_of(address: str) -> str | None:
    """Return the proxy that the environment names for `address`, if it is to go through one."""
    parts = urlsplit(address)
    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found or proxy_bypass(parts.netloc):
        return None
    return found if "://" in found else f"http://{found}"


def _authority_of(proxy: str) -> Mapping[str, str]:
    """Return the headers that tell a proxy who asks, where its address says that."""
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    return make_headers(
        proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    )
