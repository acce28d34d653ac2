"""Calls about credit notes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from dashboard.billing.corrections import keep_correction
from dashboard.billing.credit_note_void import is_void_asked
from dashboard.billing.credit_notes import follow_note, is_planned
from dashboard.billing.locks import lock_open, read_held
from dashboard.billing.mailing import mail_note
from dashboard.billing.telling import tell_corrected
from dashboard.gateway.note_records import NoteDraft, NoteLine
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import RemoteCorrection
from dashboard.sync.effects import is_about
from dashboard.sync.lease import extend
from dashboard.sync.stripe_calls.base import Body, Reply, Sending, StripeCall
from dashboard.sync.work import Work


class AnsweredByNote(StripeCall[Work]):
    """A call whose reply is a credit note of the invoice."""

    def take_over(self, work: Work, reply: Reply) -> None:
        # Invoices in their order, before the lease: what was credited concerns later ones too.
        read_held(work.invoice)
        lock_open({work.invoice.organization_id}, after=work.invoice.id)
        extend(work.lease, now=work.clock())
        if isinstance(reply, RemoteCorrection) and is_about(work, self.about):
            kept = keep_correction(work.invoice, reply)
            follow_note(work.invoice, reply, kept.row.status, now=work.clock())
            mail_note(work.invoice, kept.row, now=work.clock())
            tell_corrected(work.invoice, kept, now=work.clock())


@dataclass(frozen=True, slots=True)
class IssueNote(AnsweredByNote):
    """Issue a planned credit note."""

    operation = "issue_credit_note"
    draft: NoteDraft

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(NoteDraft(**{**body, "lines": tuple(NoteLine(**one) for one in body["lines"])}))

    def body(self) -> dict[str, Any]:
        return asdict(self.draft) | {"lines": [asdict(line) for line in self.draft.lines]}

    @property
    def about(self) -> str:
        return self.draft.invoice_id

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.create_credit_note(self.draft, key=sending.key)

    def is_still_wanted(self, _work: Work) -> bool:
        return is_planned(int(self.draft.note))

    def read_back(self, work: Work) -> Self | None:
        """Look for our note among the invoice's: it has no other name than its metadata."""
        claim = (self.draft.installation, self.draft.note)
        for found in work.gateway.credit_notes(self.draft.invoice_id):
            if (found.installation, found.note) == claim:
                self.take_over(work, found)
                return None
        # One that ended meanwhile, as refused under another key, is wanted no more.
        return self if self.is_still_wanted(work) else None


@dataclass(frozen=True, slots=True)
class VoidNote(AnsweredByNote):
    """Void an issued credit note."""

    operation = "void_credit_note"
    note_id: str
    invoice_id: str

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(**body)

    def body(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def about(self) -> str:
        return self.invoice_id

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        return gateway.void_credit_note(self.note_id, key=sending.key)

    def read_back(self, work: Work) -> Self | None:
        """Look at the note: a void one says so."""
        for found in work.gateway.credit_notes(self.invoice_id):
            if found.id == self.note_id and found.status == "void":
                self.take_over(work, found)
                return None
        return self if is_void_asked(self.note_id) else None
