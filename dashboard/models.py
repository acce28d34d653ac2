"""Every model, imported once so that metadata and relationships are complete."""

from dashboard.accounts.factors.models import CodeApp, Passkey, RecoveryCode
from dashboard.accounts.models import ApiToken, Invitation, Membership, User
from dashboard.accounts.provider_models import ProviderSubject
from dashboard.accounts.session_models import UserSession
from dashboard.approvals.models import Proposal
from dashboard.audit.models import AuditEntry
from dashboard.billing.change_models import ItemChange
from dashboard.billing.correction_models import Correction, InvoicePayment
from dashboard.billing.credit_note_models import CreditNote, CreditNoteLine
from dashboard.billing.habit_models import UsageHabits
from dashboard.billing.models import Adjustment, BillingCycle, Invoice, InvoiceItem
from dashboard.billing.refund_models import Refund
from dashboard.billing.reissue_models import Reissue
from dashboard.billing.void_models import VoidCase, VoidClaim
from dashboard.budgets.models import BudgetAlert, BudgetLook, UnusualUsage
from dashboard.bulk.models import BulkAction, BulkMember
from dashboard.close_rehearsal.models import CloseRehearsal, RehearsedBill
from dashboard.closing.bill_models import BillApproval, ClosingLimit, IssueHold
from dashboard.closing.models import ClosingPause
from dashboard.gaps.models import GapRound, SeenAtStripe, StripeGap
from dashboard.installation import Installation
from dashboard.invariants.models import InvariantFinding, InvariantRound
from dashboard.mail.models import Mail, MailChoice, RefusedAddress
from dashboard.needs.models import Need
from dashboard.organizations.models import Organization
from dashboard.organizations.note_models import OrganizationNote
from dashboard.outgoing.models import EventDelivery, EventEndpoint, OutgoingEvent
from dashboard.pricing.models import Price, PriceVersion
from dashboard.recount.models import LedgerDifference, LedgerRun
from dashboard.restores.models import LedgerMark, Restore, RestoreFinding
from dashboard.services.models import Service, ServiceChange
from dashboard.standing.models import ServiceStanding, StandingRules
from dashboard.sync.counts import KeptCount
from dashboard.sync.models import (
    AddedLine,
    SyncedLine,
    SyncLease,
    SyncRun,
    SyncStep,
)
from dashboard.sync.reading_models import StripeReading
from dashboard.sync.tallies import RunTally
from dashboard.trends.models import FleetSample
from dashboard.usage.models import UsageKey, UsageRecord, UsageTakenOff, UsageTotal, UsageWaiting
from dashboard.webhooks.models import WebhookEvent

__all__ = [
    "AddedLine",
    "Adjustment",
    "ApiToken",
    "AuditEntry",
    "BillApproval",
    "BillingCycle",
    "BudgetAlert",
    "BudgetLook",
    "BulkAction",
    "BulkMember",
    "CloseRehearsal",
    "ClosingLimit",
    "ClosingPause",
    "CodeApp",
    "Correction",
    "CreditNote",
    "CreditNoteLine",
    "EventDelivery",
    "EventEndpoint",
    "FleetSample",
    "GapRound",
    "Installation",
    "InvariantFinding",
    "InvariantRound",
    "Invitation",
    "Invoice",
    "InvoiceItem",
    "InvoicePayment",
    "IssueHold",
    "ItemChange",
    "KeptCount",
    "LedgerDifference",
    "LedgerMark",
    "LedgerRun",
    "Mail",
    "MailChoice",
    "Membership",
    "Need",
    "Organization",
    "OrganizationNote",
    "OutgoingEvent",
    "Passkey",
    "Price",
    "PriceVersion",
    "Proposal",
    "ProviderSubject",
    "RecoveryCode",
    "Refund",
    "RefusedAddress",
    "RehearsedBill",
    "Reissue",
    "Restore",
    "RestoreFinding",
    "RunTally",
    "SeenAtStripe",
    "Service",
    "ServiceChange",
    "ServiceStanding",
    "StandingRules",
    "StripeGap",
    "StripeReading",
    "SyncLease",
    "SyncRun",
    "SyncStep",
    "SyncedLine",
    "UnusualUsage",
    "UsageHabits",
    "UsageKey",
    "UsageRecord",
    "UsageTakenOff",
    "UsageTotal",
    "UsageWaiting",
    "User",
    "UserSession",
    "VoidCase",
    "VoidClaim",
    "WebhookEvent",
]
