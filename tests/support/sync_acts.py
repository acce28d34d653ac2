"""What people do to a draft at Stripe and here, between two syncs."""

import requests

from dashboard.audit.actor import Actor
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.gateway.records import LineContent, RemoteLine
from dashboard.sync.added_lines import added_lines
from dashboard.sync.decide import decide_line
from dashboard.sync.models import SyncRun
from dashboard.transaction import transaction
from tests.support.simulator import API_KEY
from tests.support.syncing import Syncer


def is_scheduled(syncer: Syncer, bill: Invoice) -> bool:
    """Whether Stripe will finalize the draft by itself."""
    return syncer.gateway.invoice(str(bill.stripe_invoice_id)).auto_advance


def seal(bill: Invoice) -> Invoice:
    """Seal the bill at its end and return the next one."""
    with transaction():
        return seal_now(bill, now=bill.period_end)


def close(bill: Invoice, syncer: Syncer) -> SyncRun:
    """Carry out the final sync."""
    return syncer.sync(bill, "final", verify=True)


SUPPORT = Actor("user", None, "support@example.com")


def add_foreign(syncer: Syncer, bill: Invoice, cents: int = 5000) -> None:
    """Add a line that is not ours, as somebody in Stripe's dashboard would."""
    answer = requests.post(
        f"{syncer.simulator.url}/v1/invoices/{bill.stripe_invoice_id}/add_lines",
        data={"lines[0][description]": "Setup", "lines[0][amount]": cents},
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    )
    answer.raise_for_status()


def line_of(syncer: Syncer, bill: Invoice, key: str) -> RemoteLine:
    """Return Stripe's line of one of our keys."""
    found = syncer.gateway.lines(str(bill.stripe_invoice_id))
    return next(one for one in found if one.key == key)


def edit_line(syncer: Syncer, bill: Invoice, key: str, cents: int) -> None:
    """Change a line as somebody in Stripe's dashboard would."""
    one = line_of(syncer, bill, key)
    content = LineContent(key, cents, one.description, one.period_start, one.period_end)
    stripe_id = str(bill.stripe_invoice_id)
    syncer.gateway.update_lines(stripe_id, [(one.id, content)], run="x", key=f"edit-{key}")


def remove_line(syncer: Syncer, bill: Invoice, key: str) -> None:
    """Take a line off the draft as somebody in Stripe's dashboard would."""
    one = line_of(syncer, bill, key)
    syncer.gateway.remove_lines(str(bill.stripe_invoice_id), [one.id], run="x", key=f"rm-{key}")


def decide(bill: Invoice, decision: str) -> None:
    """Decide on the one line added at Stripe as support would."""
    with transaction():
        decide_line(added_lines(bill.id)[0], decision, actor=SUPPORT, now=utc_now())


def pay(bill: Invoice, syncer: Syncer) -> None:
    """Have Stripe's invoice paid, by other means than its own."""
    requests.post(
        f"{syncer.simulator.url}/v1/invoices/{bill.stripe_invoice_id}/pay",
        data={"paid_out_of_band": "true"},
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    ).raise_for_status()
