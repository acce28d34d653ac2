"""The life of an invoice: it rolls, closes, is sealed, is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dashboard.billing.close import seal
from dashboard.billing.locks import lock_invoice
from dashboard.billing.outcome import put_on_hold, take_off_hold
from dashboard.billing.policy import current_policy, set_policy
from dashboard.billing.roll import roll_early, roll_over
from dashboard.billing.roll_preview import preview_roll
from dashboard.billing.stuck import hold_stuck
from dashboard.invariants.hold import hold_and_let_go as hold_for
from dashboard.invariants.models import InvariantFinding
from dashboard.organizations.cycle import CycleWanted, change_cycle
from dashboard.organizations.cycle_preview import preview_cycle
from dashboard.sync.request import Request, request_syncs
from dashboard.sync.tax_switch import switch_tax
from dashboard.transaction import checkpoint
from tests.factories import SUPPORT
from tests.locks.stage import Stage


def roll(stage: Stage) -> None:
    invoice = stage.draft()
    roll_early(
        stage.organization(), reason="asked", actor=SUPPORT, now=stage.now(), invoice_id=invoice.id
    )


def show_roll(stage: Stage) -> None:
    preview_roll(stage.organization(), now=stage.now())


def change_cycle_early(stage: Stage) -> None:
    """Shorten the current cycle, to another boundary each time."""
    now = stage.now()
    anchor = now + timedelta(days=2, seconds=stage.number())
    wanted = CycleWanted("month", anchor_at=anchor, ends_early=True)
    change_cycle(stage.organization(), wanted, reason="asked", actor=SUPPORT, now=now)


def switch_tax_over(stage: Stage) -> None:
    """Switch automatic tax on and off again: the other verbs have no address by which to tax."""
    # Without a product it would refuse before it changes anything.
    set_policy(replace(current_policy(), stripe_tax_product="prod_billing"))
    organization = stage.organization()
    for is_on in (True, False):
        switch_tax(organization, is_on=is_on, reason="asked", actor=SUPPORT, now=stage.now())


def show_cycle(stage: Stage) -> None:
    now = stage.now()
    wanted = CycleWanted("month", anchor_at=now + timedelta(days=2), ends_early=True)
    preview_cycle(stage.organization(), wanted, now=now)


def close_both(stage: Stage, *, backwards: bool = False) -> None:
    """Roll what is over, as a usage batch does of the organizations it names."""
    for which in (1, 0) if backwards else (0, 1):
        roll_over(stage.organization(which), now=stage.draft(which).period_end)
        checkpoint()


def seal_both(stage: Stage, *, wait: bool = True) -> None:
    ids = [one.id for which in (1, 0) for one in stage.invoices("closing", which)]
    sealed = seal(ids, now=stage.now() + timedelta(days=1), wait=wait)
    request_syncs([one.id for one in sealed], Request("final", verify=True), now=stage.now())


def hold_and_let_go(stage: Stage) -> None:
    invoice = lock_invoice(stage.draft().id)
    put_on_hold(invoice, "test", "Held.", now=stage.now())
    take_off_hold(invoice, now=stage.now())


def find_what_does_not_add_up(stage: Stage) -> None:
    """Hold what is sealed of both for what a look found, and let it go as a later one does."""
    closing = [one.id for which in (0, 1) for one in stage.invoices("closing", which)]
    seal(closing, now=stage.now() + timedelta(days=1), wait=True)
    checkpoint()
    ids = [stage.organization(which).id for which in (1, 0)]
    example = {"subject": "invoice 1", "text": "It does not add up.", "sequence": 1}
    found = [
        InvariantFinding(
            invariant="items_add_up", organization_id=one, places=1, examples=[example]
        )
        for one in ids
    ]
    hold_for(found, ids, now=stage.now())
    hold_for([], ids, now=stage.now())


def hold_what_is_stuck(stage: Stage) -> None:
    hold_stuck(stage.draft().id, ZeroDivisionError(), now=stage.now())
