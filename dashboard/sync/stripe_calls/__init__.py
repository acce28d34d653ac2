"""Every kind of call to Stripe that changes anything there, by the name that steps keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.sync.models import SyncStep
from dashboard.sync.stripe_calls.base import StripeCall
from dashboard.sync.stripe_calls.claims import ClaimDraft, GiveBack
from dashboard.sync.stripe_calls.credit_notes import IssueNote, VoidNote
from dashboard.sync.stripe_calls.customers import CreateCustomer, UpdateCustomer
from dashboard.sync.stripe_calls.drafts import (
    CreateDraft,
    DeleteDraft,
    Finalize,
    Schedule,
    SetTax,
    SetTerms,
)
from dashboard.sync.stripe_calls.issued import VoidInvoice
from dashboard.sync.stripe_calls.items import DeleteItem
from dashboard.sync.stripe_calls.lines import AddLines, RemoveLines, UpdateLines
from dashboard.sync.stripe_calls.refunds import MakeRefund

STRIPE_CALLS: Mapping[str, type[StripeCall[Any]]] = {
    one.operation: one
    for one in (
        CreateCustomer, UpdateCustomer,
        CreateDraft, SetTerms, SetTax, Schedule, Finalize, DeleteDraft,
        AddLines, UpdateLines, RemoveLines,
        ClaimDraft, GiveBack,
        DeleteItem, IssueNote, VoidNote, VoidInvoice, MakeRefund,
    )
}  # fmt: skip


def call_of(step: SyncStep) -> StripeCall[Any]:
    """Return the call that a step keeps."""
    return STRIPE_CALLS[step.operation].read(step.body)
