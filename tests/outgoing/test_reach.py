"""Events go to public addresses and to those that the settings allow, and nowhere else."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest

from dashboard.errors import Invalid
from dashboard.outgoing.post import post
from dashboard.outgoing.reach import (
    Network,
    NotReachable,
    Target,
    addresses_of,
    check,
    target_of,
)
from tests.support.outgoing import LOOPBACK
from tests.support.receivers import receiver

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.8", "192.0.2.1", "198.18.0.1",
    "198.51.100.7", "203.0.113.7", "192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "100::1", "3fff::1",
    # In an address of IPv6 one of IPv4: mapped, compatible, translated, 6to4, Teredo.
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:7f00:1::1", "2001::80ff:fffe",
    # Translated by others' rules, local networks' own, and what nobody has given out.
    "::ffff:0:7f00:1", "::ffff:0:a9fe:a9fe", "64:ff9b:1:7f00:1::", "64:ff9b:1:fffe::808:808",
    "4000::1", "1::1",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::200e",
    "64:ff9b::808:808",
]  # fmt: skip
TARGET = target_of("https://receiver.example/events", [])


def is_reached(address: str, allowed: Sequence[Network] = (), target: Target = TARGET) -> bool:
    """Whether events are sent to an address."""
    try:
        check(ip_address(address), target, allowed)
    except NotReachable:
        return False
    return True


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    with pytest.raises(NotReachable, match="which is private"):
        check(ip_address(address), TARGET, [])


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address: str) -> None:
    assert is_reached(address)


@pytest.mark.parametrize("address", ["10.20.0.1", "127.0.0.1"])
def test_an_allowed_network_is_reached_and_no_other(address: str) -> None:
    allowed = [ip_network("10.20.0.0/16"), *LOOPBACK]
    assert is_reached(address, allowed)
    assert not is_reached("10.21.0.1", allowed)
    # Mapped it is the same machine, and was not allowed under that name.
    assert not is_reached(f"::ffff:{address}", allowed)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://127.1/",
        "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://10.0.0.1:8443/x",
        "https://169.254.169.254/latest/meta-data",
    ],
)  # fmt: skip
def test_a_private_address_is_not_even_registered(url: str) -> None:
    with pytest.raises(Invalid, match="which is private"):
        target_of(url, [])


@pytest.mark.parametrize(
    "url",
    [
        "", "receiver.example", "http://receiver.example/", "ftp://receiver.example/",
        "https:///path", "https://user:secret@receiver.example/", "https://user@receiver.example/",
        "https://receiver.example/#part", "https://receiver.example:0/",
        "https://receiver.example:99999/", "https://receiver.example/a b",
        "https://receiver.example/\r\nhost: other", "https://receiver.example/ü",
        "https://[::1/", "https://" + "a" * 64 + ".example/", "https://a.example/" + "x" * 500,
        "file:///etc/passwd", "https://a..example/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="Nothing was changed"):
        target_of(url, [])


def test_without_tls_only_allowed_networks_are_reached() -> None:
    target = target_of("http://receiver.example/", LOOPBACK)
    assert is_reached("127.0.0.1", LOOPBACK, target)
    with pytest.raises(NotReachable, match="needs https"):
        check(ip_address("8.8.8.8"), target, LOOPBACK)


def resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Let the resolver give one answer after the other, the last one for ever."""
    left = list(answers)

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        kind = socket.AF_INET
        return [(kind, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(NotReachable, match=r"has the address 10\.0\.0\.1"):
        addresses_of(TARGET, [], seconds=1)


def test_a_name_that_comes_to_mean_another_address_is_still_connected_as_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """DNS rebinding: public when it is looked at, loopback a moment later."""
    resolves(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    connected: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], **_: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    answer = post(TARGET, "{}", {}, [])
    assert connected == [("93.184.216.34", 443)]
    assert not answer.is_taken
    # The next try looks again, and finds it private.
    assert "which is private" in post(TARGET, "{}", {}, []).why_not
    assert len(connected) == 1


def test_a_name_of_a_private_address_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiver() as one:
        resolves(monkeypatch, ["127.0.0.1"])
        target = target_of(f"https://receiver.example:{one.port}/", [])
        answer = post(target, "{}", {}, [])
    assert "has the address 127.0.0.1, which is private" in answer.why_not
    assert one.requests == []


def test_a_name_that_nobody_has_is_said() -> None:
    target = target_of("https://nobody.invalid/", [])
    assert post(target, "{}", {}, []).why_not == "nobody.invalid could not be resolved."


def test_a_resolver_that_says_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    began = time.monotonic()
    answer = post(TARGET, "{}", {}, [], patience=0.3)
    assert answer.why_not == "receiver.example could not be resolved in time."
    assert time.monotonic() - began < 1
