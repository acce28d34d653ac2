"""Lines that the first release named are known; another application's are never taken for ours."""

from datetime import timedelta
from typing import Any

import requests

from dashboard.billing.models import Invoice
from tests.support.billing import put
from tests.support.simulator import API_KEY
from tests.support.syncing import Syncer


def ask(syncer: Syncer, path: str, **body: Any) -> None:
    """Make a call that is not ours."""
    requests.post(
        f"{syncer.simulator.url}/v1/{path}",
        data=body,
        headers={"Authorization": f"Bearer {API_KEY}"},
        timeout=5,
    ).raise_for_status()


def name_as_before(syncer: Syncer, bill: Invoice) -> None:
    """Give every line of the draft the name it would have from the first release."""
    body = {}
    for n, line in enumerate(syncer.gateway.lines(str(bill.stripe_invoice_id))):
        body[f"lines[{n}][id]"] = line.id
        body[f"lines[{n}][metadata][dashboard_item]"] = ""
        body[f"lines[{n}][metadata][invoice_item]"] = str(line.key)
    ask(syncer, f"invoices/{bill.stripe_invoice_id}/update_lines", **body)


def total(syncer: Syncer, bill: Invoice) -> int:
    """Return what Stripe's draft comes to."""
    return syncer.gateway.invoice(str(bill.stripe_invoice_id)).total_cents


def test_a_line_of_the_first_release_is_updated_and_removed_as_ours(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000, b=200)
    syncer.sync(bill)
    name_as_before(syncer, bill)
    put(bill, a=5000)
    run = syncer.sync(bill, verify=True)
    assert (run.state, total(syncer, bill)) == ("succeeded", 5200)
    assert [one["state"] for one in run.findings] == []


def test_lines_of_the_first_release_whose_reply_was_lost_are_not_added_again(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    put(bill, b=200)
    rule = syncer.simulator.fault("drop_after", "add_lines$")
    run = syncer.sync(bill)
    syncer.simulator.delete(f"faults/{rule}")
    name_as_before(syncer, bill)
    syncer.ahead = timedelta(hours=24)
    assert syncer.carry_out(run).state == "succeeded"
    assert total(syncer, bill) == 4200


def test_a_line_of_another_application_stays_and_waits_for_a_decision(
    bill: Invoice, syncer: Syncer
) -> None:
    put(bill, a=4000)
    syncer.sync(bill)
    theirs = {"lines[0][amount]": 900, "lines[0][metadata][invoice_item]": "of another"}
    ask(syncer, f"invoices/{bill.stripe_invoice_id}/add_lines", **theirs)
    run = syncer.sync(bill, verify=True)
    assert [one["state"] for one in run.findings] == ["foreign"]
    assert total(syncer, bill) == 4900
