"""Rows for every page that lists something."""

from datetime import timedelta

from sqlalchemy import select

from dashboard.accounts.invitations import invite
from dashboard.accounts.tokens import create_token, revoke_token
from dashboard.audit.actor import SYSTEM, Actor
from dashboard.billing.adjust import add_adjustment
from dashboard.billing.close import seal_now
from dashboard.billing.corrections import keep_correction, keep_payments
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection, RemotePayment
from dashboard.letters.told import Told
from dashboard.mail.models import Mail
from dashboard.mail.outbox import mail_invitation, note_failure, note_sent, take_due
from dashboard.mail.refused import note_refused
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from dashboard.webhooks.models import WebhookEvent
from tests.people import bill_of
from tests.support.bulk import begun, step
from tests.support.differences import bill_differently
from tests.support.stripe_acts import tell


def make_tokens(owner_id: int, organization: Organization) -> None:
    """Make tokens of each state: for long, ending soon, ended, revoked."""
    now, ada = utc_now(), Actor("user", owner_id, "admin@example.com")
    lives = {"Compute metering": 300, "Storage metering": 3, "Batch import": -1, "Old agent": 90}
    with transaction():
        for name, days in lives.items():
            token, _ = create_token(
                name,
                ["usage:write", "services:write"],
                actor=ada,
                now=now,
                organization_id=organization.id if days < 10 else None,
                expires_at=now + timedelta(days=days),
            )
        revoke_token(token, actor=ada, now=now)


def make_mails() -> None:
    """Invite people whose mails are of each state: not tried yet, sent, delayed, given up."""
    now, away = utc_now(), "The mail server mail.acme.com:587 cannot be used: Connection refused."
    unknown = "The mail server refused it: 550 5.1.1 No such user here."
    with transaction():
        for number in range(4):
            address = f"somebody-{number}@example.com"
            mail_invitation(invite(address, "support", actor=SYSTEM, now=now), now=now)
        # Due one after the other, and then not for a while: the worker beside us sends none.
        sent, delayed, given_up = (take_due(now=now) for _ in range(3))
        assert sent is not None
        assert delayed is not None
        assert given_up is not None
        note_sent(sent, now=now)
        note_failure(delayed, away, for_good=False, now=now)
        note_failure(given_up, unknown, for_good=True, now=now)


def make_bill_mails(organization: Organization) -> None:
    """Let mails about a bill be of each state, the first of them sent, and its address refused."""
    now, unknown = utc_now(), "The mail server refused it: 550 5.1.1 No such user here."
    bill = bill_of(organization)
    told = Told(
        subject="Invoice F-0007 for Acme Freight: $1,204.10 due 14 Dec 2026",
        heading="Invoice F-0007 is ready",
        sentences=["Pay $1,204.10 by 14 Dec 2026."],
        rows=[["Organization", organization.name], ["Total", "$1,204.10"], ["To pay", "$1,204.10"]],
        link=["https://billing.example.com/organizations/acme/invoices/1", "See the invoice"],
        at_stripe=["https://invoice.stripe.com/i/1", "Pay it at Stripe"],
    )
    sent = {"sent_at": now, "told": told.as_kept()}
    given_up = {"given_up_at": now, "problem": unknown, "attempts": 1}
    # The worker beside us sends none of them: what waits is due much later.
    waits = {"next_attempt_at": now + timedelta(days=1)}
    states = (("invoice_ready", sent), ("receipt", given_up), ("payment_failed", waits))
    with transaction():
        for kind, state in states:
            whose = {"organization_id": organization.id, "invoice_id": bill.id}
            dates = {"created_at": now, "next_attempt_at": now, "ends_at": now + timedelta(days=3)}
            row = {"kind": kind, "occasion": f"{kind}:{bill.id}", "address": organization.email}
            db.session.add(Mail(**row | whose | dates | state))
        note_refused(organization.email, unknown, told_by="server", now=now)


def make_issued_bills(organization: Organization) -> None:
    """Let its first bill be paid, a refund of it failed, and its second billed differently."""
    now = utc_now()
    with transaction():
        paid = bill_of(organization)
        open_bill = seal_now(paid, now=now - timedelta(hours=1))
        paid.stripe_invoice_id = "in_paid"
        tell(paid, "paid", now)
        keep_payments(
            paid, [RemotePayment("inpay_1", "in_paid", "paid", "pi_1", False, paid.total_cents)]
        )
        failed = RemoteCorrection(
            kind="refund", id="re_1", status="failed", amount_cents=500, reason=None, made_at=now,
            paid_by="pi_1",
        )  # fmt: skip
        keep_correction(paid, failed)
        add_adjustment(
            open_bill, Money(4200, open_bill.currency), reason="Agreed", description="Set-up",
            actor=SYSTEM, now=now, key="set-up",
        )  # fmt: skip
        seal_now(open_bill, now=now)
        open_bill.stripe_invoice_id = "in_open"
        tell(open_bill, "open", now)
        bill_differently(open_bill, 700)


def make_dead_events() -> None:
    """Let two events have failed with one error, and one with another."""
    now = utc_now()
    for number, error in enumerate(("No invoice in_1.", "No invoice in_2.", "It is odd.")):
        told = {"stripe_event_id": f"evt_dead_{number}", "type": "invoice.paid", "payload": {}}
        dead = {"state": "dead", "attempts": 8, "error": error}
        with transaction():
            db.session.add(WebhookEvent(created_at=now, received_at=now, **told, **dead))


def make_bulk_action() -> None:
    """Let a bulk action be in progress, with one sync that failed."""
    act = begun("sync", db.session.scalars(select(Organization.id)).all())
    step(act)
    with transaction():
        run = db.session.scalars(select(SyncRun).where(SyncRun.trigger == "bulk")).first()
        run.state, run.error = "failed", "Stripe did not answer."
    step(act)
