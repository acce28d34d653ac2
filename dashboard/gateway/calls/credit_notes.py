"""Calls about credit notes."""

from __future__ import annotations

from dashboard.gateway import requests
from dashboard.gateway.after_issue import parse_correction, parse_preview
from dashboard.gateway.calls.base import PAGE, Calls
from dashboard.gateway.note_records import NoteDraft, NotePreview
from dashboard.gateway.records import RemoteCorrection


class CreditNoteCalls(Calls):
    """What is asked of credit notes."""

    def create_credit_note(self, draft: NoteDraft, *, key: str) -> RemoteCorrection:
        """Create a credit note."""
        body = requests.credit_note(draft)
        made = self._call("POST credit_notes", "/v1/credit_notes", body, key=key)
        return parse_correction(made.data, as_of=made.as_of, told_by=made.request_id)

    def void_credit_note(self, note_id: str, *, key: str) -> RemoteCorrection:
        """Void a credit note."""
        made = self._call("POST void", f"/v1/credit_notes/{note_id}/void", {}, key=key)
        return parse_correction(made.data, as_of=made.as_of, told_by=made.request_id)

    def preview_credit_note(self, draft: NoteDraft) -> NotePreview:
        """Ask what a credit note would do."""
        body = requests.credit_note(draft)
        return parse_preview(self._call("GET preview", "/v1/credit_notes/preview", body).data)

    def credit_notes(self, invoice_id: str) -> list[RemoteCorrection]:
        """Read the notes of an invoice."""
        query = {"invoice": invoice_id, "limit": PAGE}
        pages = self._pages("GET credit_notes", "/v1/credit_notes", query)
        return [parse_correction(one) for one in pages]
