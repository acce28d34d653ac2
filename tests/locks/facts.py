"""Facts are reported: usage, services, quantities, charges and prices."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.fold import count_now, count_of_all, counted_organization, fold
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.pricing.catalog import add_version, price_to_change
from dashboard.pricing.models import Price
from dashboard.pricing.versions import terms_of
from dashboard.services.attach import attach_services
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.known import Attachment
from dashboard.services.past_preview import (
    preview_cancellation,
    preview_end,
    preview_quantity,
)
from dashboard.transaction import checkpoint
from dashboard.usage.cancel import cancel_usage
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT
from tests.locks.stage import Stage


def report(stage: Stage, *, backwards: bool = False) -> None:
    """Report usage of both organizations, for the ended cycle and for this one."""
    now = stage.now()
    slugs = stage.slugs[::-1] if backwards else stage.slugs
    late = stage.draft().period_start - timedelta(seconds=1)
    record_batch(
        [
            ReportedRecord(slug, "requests", f"key-{stage.number()}", Decimal(3), at)
            for slug in slugs
            for at in (now, late)
        ],
        now=now,
    )


def report_much(stage: Stage) -> None:
    """Report so much that it is counted at once."""
    now = stage.now()
    units = Decimal(10) ** 13
    record_batch(
        [
            ReportedRecord(slug, "requests", f"key-{stage.number()}", units, now)
            for slug in stage.slugs
        ],
        now=now,
    )


def report_and_count(stage: Stage) -> None:
    """Report usage, and read the bill of the first organization."""
    report(stage)
    checkpoint()
    counted_organization(stage.slugs[0], now=stage.now())
    count_now(stage.organization(1).id, now=stage.now())


def report_and_read_all(stage: Stage) -> None:
    """Report usage, and read the bills of both organizations on one page."""
    report(stage)
    checkpoint()
    count_of_all([stage.organization(which).id for which in (1, 0)], now=stage.now())


def report_and_fold(stage: Stage) -> None:
    """Report usage, and let the folder count what nobody holds."""
    report(stage)
    checkpoint()
    fold([stage.organization(which).id for which in (0, 1)], now=stage.now())


def report_and_cancel(stage: Stage) -> None:
    """Report usage in error, look at what taking it back would change, and do that."""
    now, key = stage.now(), f"key-{stage.number()}"
    record_batch([ReportedRecord(stage.slugs[0], "requests", key, Decimal(3), now)], now=now)
    checkpoint()
    preview_cancellation(counted_organization(stage.slugs[0], now=now), [key], now=now)
    checkpoint()
    cancel_usage(stage.organization(), [key], reason="Twice", now=now, actor=SUPPORT)


def attach_list(stage: Stage) -> None:
    """Attach a fee and a metered price together."""
    metered = db.session.scalars(select(Price).where(Price.kind == "metered")).first()
    wanted = [(stage.price(), Attachment()), (metered or stage.price(), Attachment())]
    attach_services(stage.organization(), wanted, now=stage.now(), actor=SUPPORT)


def detach(stage: Stage) -> None:
    detach_service(stage.service(), now=stage.now(), actor=SUPPORT)


def show_a_late_end(stage: Stage) -> None:
    """Show what ending a service in the past, or another quantity of it, would change."""
    service = stage.service()
    preview_end(service, at=stage.now(), now=stage.now())
    preview_quantity(service, Decimal(7), at=stage.now(), now=stage.now())


def change(stage: Stage) -> None:
    number = Decimal(stage.number())
    change_quantity(stage.service(), number, now=stage.now(), actor=SUPPORT)


def adjust(stage: Stage) -> None:
    invoice = stage.draft()
    add_adjustment(
        invoice,
        Money(100 + stage.number() % 100, invoice.currency),
        reason="asked for",
        description="A charge",
        actor=SUPPORT,
        now=stage.now(),
        key=f"key-{stage.number()}",
    )


def reprice(stage: Stage) -> None:
    price, now = price_to_change(stage.price().code), stage.now()
    at = now + timedelta(days=2, seconds=stage.number())
    add_version(price, terms_of(price.versions[0]), effective_at=at, now=now, actor=SUPPORT)
