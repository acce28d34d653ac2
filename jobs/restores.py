"""Watch whether the ledger is older than it was, keep its mark at Stripe, and look back."""

from __future__ import annotations

import structlog
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.errors import GatewayError
from dashboard.gateway.priorities import with_priority
from dashboard.gateway.reasons import calling_for
from dashboard.restores.held import is_held, why_comparing
from dashboard.restores.look import look_back
from dashboard.restores.mark import keep_mark
from dashboard.restores.notice import look_at_history
from dashboard.restores.release import release_if_nothing_is_apart
from dashboard.restores.repair import asked, repair
from dashboard.transaction import checkpoint, rollback, transaction
from jobs.inbox import backfill_events
from jobs.runtime import job
from jobs.syncs import stripe_is_down

# Of lists, in a turn: it is rare, and everything waits for it.
READS = 200
log = structlog.get_logger("jobs.restores")


def watch_at_start(app: Flask) -> None:
    """Look before anything is served or done, so that no number is handed out twice."""
    with app.app_context():
        try:
            with transaction():
                look_at_history(now=utc_now())
        except SQLAlchemyError as error:
            # Nothing is served or done without it either; the clock looks again.
            log.warning("ledger_not_looked_at", error=type(error).__name__)
        finally:
            db.session.remove()
            # What is forked from here on shares no connection.
            db.engine.dispose()


@job(queue="closing", timeout=60)
def watch_ledger() -> None:
    """Notice that the ledger is older than it was, and have it read back."""
    if not look_at_history(now=utc_now()):
        checkpoint()
        keep_ledger_mark.push(())
        look_behind.push(())


@job(queue="interactive", timeout=120, is_alone=True)
def keep_ledger_mark() -> None:
    """Move the mark at Stripe on where something was written, and compare it with the ledger's."""
    if stripe_is_down():
        return
    stood_still = why_comparing() is not None
    # What a close sends is what it must speak of, so it does not wait behind it.
    with with_priority("closing"), calling_for("reread"):
        try:
            keep_mark(
                gateway=current_app.extensions["gateway"], now=utc_now(), checkpoint=checkpoint
            )
        except GatewayError as error:
            rollback()
            log.warning("mark_not_kept", reason=str(error))
            return
    if stood_still and not is_held():
        # While nothing of ours was seen, nothing may have taken in what Stripe told.
        backfill_events.push(())


@job(queue="interactive", timeout=900, is_alone=True)
def look_behind() -> None:
    """Read back what Stripe has since the moment that was restored, and do what was asked for."""
    with with_priority("interactive"), calling_for("reread"):
        for finding_id in asked():
            _repair(finding_id)
        try:
            is_over = look_back(
                gateway=current_app.extensions["gateway"],
                reads=READS,
                now=utc_now(),
                checkpoint=checkpoint,
            )
        except GatewayError as error:
            # What was read is kept; the next turn goes on there.
            rollback()
            log.warning("not_looked_back", reason=str(error))
            return
    if is_over and release_if_nothing_is_apart(now=utc_now(), checkpoint=checkpoint):
        log.info("ledger_released", reason="nothing is apart")


@job(queue="interactive", timeout=120)
def repair_finding(finding_id: int) -> None:
    """Put right what a person asked for; where Stripe does not answer it is done later."""
    with calling_for("reread"):
        _repair(finding_id)


def _repair(finding_id: int) -> None:
    try:
        repair(
            finding_id,
            gateway=current_app.extensions["gateway"],
            now=utc_now(),
            checkpoint=checkpoint,
        )
    except GatewayError as error:
        rollback()
        log.warning("finding_not_repaired", finding_id=finding_id, reason=str(error))
