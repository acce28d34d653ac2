"""What an organization of the demo has: services to attach, under ids of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoService:
    """A service to attach `after_days` from the start of the first cycle; a meter if it has one."""

    price: str
    external_id: str
    label: str
    meter: str | None = None
    quantity: int = 1
    after_days: int = 0


def metered(*codes: str, currency: str = "usd", place: str = "") -> tuple[DemoService, ...]:
    """Return a service for each metered price; `place` tells two of the same price apart."""
    return tuple(
        DemoService(
            price=code if currency == "usd" else f"{code}-{currency}",
            external_id=f"{code}-{place}" if place else code,
            label=place,
            meter=code,
        )
        for code in codes
    )


def many(price: str, name: str, count: int, *, after_days: int = 0) -> tuple[DemoService, ...]:
    """Return `count` services of one price, numbered, each its own line on the invoice."""
    names = [f"{name}-{number:02d}" for number in range(1, count + 1)]
    return tuple(DemoService(price, one, one, after_days=after_days) for one in names)


def one(price: str, name: str, *, quantity: int = 1, after_days: int = 0) -> DemoService:
    """Return a single service, of some quantity."""
    return DemoService(price, name, name, quantity=quantity, after_days=after_days)


SMALL: Sequence[DemoService] = (
    one("server-small", "shop"),
    *metered("compute", "transfer"),
)
THIRTY: Sequence[DemoService] = (
    *many("server-medium", "robot", 8),
    *many("server-large", "planner", 3, after_days=5),
    *many("volume", "map", 6),
    *many("address", "gate", 4, after_days=2),
    one("load-balancer", "front"),
    one("backup", "backups", quantity=11),
    one("support", "support"),
    *metered("compute", "transfer", "requests", "object-storage", "mail", "logs"),
)
HUNDREDS: Sequence[DemoService] = (
    *many("server-small", "lobby", 80),
    *many("server-medium", "arena", 60),
    *many("address", "edge", 40),
    *many("volume", "replay", 14),
    *metered("compute", "transfer", place="east"),
    *metered("compute", "transfer", place="west"),
    *metered("requests", "object-storage", "mail", "logs"),
)
ORDINARY: Sequence[DemoService] = (
    *many("server-small", "web", 2),
    one("volume", "data", quantity=3),
    one("load-balancer", "front", after_days=1),
    *metered("compute", "transfer", "requests"),
)
QUIET: Sequence[DemoService] = (one("server-small", "site"), *metered("transfer", "mail"))
IN_YEN: Sequence[DemoService] = (
    one("server-small-jpy", "mill", quantity=4),
    one("support-jpy", "support"),
    *metered("compute", "transfer", currency="jpy"),
)
FREE: Sequence[DemoService] = (one("community", "community"),)
IN_ARABIC: Sequence[DemoService] = (
    one("server-medium", "خادم-الإنتاج", quantity=2),
    one("volume", "قاعدة-البيانات", quantity=3),
    *metered("compute", "transfer", place="الدمام"),
)
LONG_NAMED: Sequence[DemoService] = (
    *many("server-small", "refrigerated-haulage-dispatching-and-reconciliation-node", 3),
    one("backup", "nightly-backup-of-the-machinery-register-and-its-attachments", quantity=3),
    *metered("compute", "transfer", place="upper-valleys-and-northern-plains-weighbridges"),
)
