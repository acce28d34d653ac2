"""The switch of automatic tax: what it says before, and what refuses it."""

import pytest

from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Conflict, Stale
from dashboard.sync.tax_switch import plan_tax
from dashboard.transaction import transaction
from tests.support.billing import put
from tests.support.taxed import broken, switch, taxed_as


def test_the_plan_says_what_the_switch_does(taxed: Invoice) -> None:
    plan = plan_tax(taxed.organization, is_on=True)
    assert (plan.is_new, plan.total_cents, plan.carried_cents) == (True, 11_500, 0)
    assert [one.key for one in plan.credits] == ["adjustment:901"]
    assert [one.amount_cents for one in plan.lowered] == [2500]
    switch(taxed, seen=plan.seen)
    assert not plan_tax(taxed.organization, is_on=True).is_new


def test_another_credit_since_the_plan_refuses_the_switch(taxed: Invoice) -> None:
    plan = plan_tax(taxed.organization, is_on=True)
    put(taxed, **{"metered:1": 9100})
    assert plan_tax(taxed.organization, is_on=True).seen == plan.seen
    put(taxed, **{"adjustment:902": -100})
    with pytest.raises(Stale):
        switch(taxed, seen=plan.seen)
    assert not taxed.organization.automatic_tax


def test_without_a_product_it_is_not_switched_on(taxed: Invoice) -> None:
    with taxed_as(""), pytest.raises(Conflict, match="STRIPE_TAX_PRODUCT"):
        switch(taxed)


def test_invoices_of_ended_cycles_keep_what_they_have(taxed: Invoice) -> None:
    with transaction():
        following = seal_now(taxed, now=utc_now())
    switch(taxed)
    assert (taxed.automatic_tax, following.automatic_tax) == (False, True)


def test_the_next_bill_is_taxed_where_an_older_release_opened_this_one_without(
    taxed: Invoice,
) -> None:
    with transaction():
        taxed.organization.automatic_tax = True
    assert broken(taxed) == {"taxed_as_switched"}
    with transaction():
        following = seal_now(taxed, now=utc_now())
    assert (taxed.automatic_tax, following.automatic_tax) == (False, True)
    assert broken(taxed) == set()


def test_switching_once_more_mends_an_invoice_that_is_not_as_its_organization(
    taxed: Invoice,
) -> None:
    with transaction():
        taxed.organization.automatic_tax = True
    switch(taxed)
    assert taxed.automatic_tax
    assert broken(taxed) == set()
