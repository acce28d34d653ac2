"""What a restored ledger forgot: taken over from Stripe."""

from __future__ import annotations

from dashboard.billing.draft import current_invoice
from dashboard.extensions import db
from dashboard.gateway.customer_records import CustomerDraft
from dashboard.gateway.records import InvoiceDraft
from dashboard.installation import this_installation
from dashboard.restores.models import Restore, RestoreFinding
from dashboard.restores.repair import repair
from dashboard.transaction import checkpoint
from tests.locks.stage import Stage


def take_over_what_was_forgotten(stage: Stage) -> None:
    """Take a customer over that bears the organization's number, and a draft of its invoice."""
    organization, ours = stage.organization(), this_installation().identity
    invoice, number, now = current_invoice(organization), stage.number(), stage.now()
    customer = stage.gateway.create_customer(
        CustomerDraft(str(organization.id), organization.name, organization.email, ours),
        key=f"forgotten-{number}",
    )
    draft = stage.gateway.create_invoice(
        InvoiceDraft(
            customer_id=customer.id, invoice=str(invoice.id), currency=invoice.currency,
            description="Forgotten", collection_method="send_invoice", days_until_due=30,
            finalizes_at=None, installation=ours,
        ),
        key=f"forgotten-draft-{number}",
    )  # fmt: skip
    # One that is released: what else goes on is not held.
    restore = Restore(kind="asked", told="Put back", noticed_at=now, since=now, released_at=now)
    db.session.add(restore)
    db.session.flush()
    for kind, stripe_id in (("customer", customer.id), ("draft", draft.id)):
        finding = RestoreFinding(
            restore_id=restore.id, kind=kind, stripe_id=stripe_id, told="Forgotten",
            found_at=now, asked_at=now,
        )  # fmt: skip
        db.session.add(finding)
        checkpoint()
        repair(finding.id, gateway=stage.gateway, now=now, checkpoint=checkpoint)
