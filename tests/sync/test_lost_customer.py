"""A customer that was deleted at Stripe, and of which only a sync learns: no one is charged."""

import requests

from dashboard.billing.draft import current_invoice
from dashboard.billing.lost_customer import NOBODY_CHARGES
from dashboard.billing.models import Invoice
from tests.support.billing import put
from tests.support.simulator import API_KEY
from tests.support.sync_acts import close, seal
from tests.support.syncing import Syncer


def test_the_open_bills_of_a_customer_that_a_sync_finds_gone_say_so(
    bill: Invoice, syncer: Syncer
) -> None:
    organization = bill.organization
    put(bill, a=4000)
    syncer.sync(bill)
    seal(bill)
    close(bill, syncer)
    gone = organization.stripe_customer_id
    url = f"{syncer.simulator.url}/v1/customers/{gone}"
    requests.delete(url, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=5)
    following = current_invoice(organization)
    put(following, a=100)
    run = syncer.sync(following)
    assert (run.state, bill.status) == ("succeeded", "open")
    assert organization.stripe_customer_id not in (None, gone)
    assert bill.payment_failure == NOBODY_CHARGES
    assert (organization.cards, organization.default_card) == ({}, None)
    assert syncer.lines(following) == {"a": 100}
