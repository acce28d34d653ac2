"""Calls that change a draft's lines in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from dashboard.billing.models import Invoice
from dashboard.gateway.protocol import Gateway
from dashboard.gateway.records import LineContent, Taxed
from dashboard.sync.agreed import agree_on_lines, forget_lines, replace_lines
from dashboard.sync.compare import compare
from dashboard.sync.draft_work import DraftWork
from dashboard.sync.effects import record_invoice
from dashboard.sync.lease import extend
from dashboard.sync.naming import recognize
from dashboard.sync.snapshot import known_of, synced_lines
from dashboard.sync.stripe_calls.base import Body, Reply, Sending
from dashboard.sync.stripe_calls.of_draft import AnsweredByDraft


class SentLine(NamedTuple):
    """A line of a bulk call, with its id at Stripe where it has one."""

    content: LineContent
    line_id: str | None

    @classmethod
    def read(cls, body: Body) -> SentLine:
        """Return the line that a step keeps."""
        content = LineContent(
            key=body["key"],
            amount_cents=body["amount_cents"],
            description=body["description"],
            period_start=datetime.fromisoformat(body["period_start"]),
            period_end=datetime.fromisoformat(body["period_end"]),
            members=tuple(body.get("members", {}).items()),
            taxed=Taxed(**body["taxed"]) if body.get("taxed") else None,
            discountable=body.get("discountable", True),
        )
        return cls(content, body["line_id"])

    def body(self) -> dict[str, Any]:
        """Return it as a step keeps it."""
        line = self.content
        return {
            "key": line.key,
            "line_id": self.line_id,
            "amount_cents": line.amount_cents,
            "description": line.description,
            "period_start": line.period_start.isoformat(),
            "period_end": line.period_end.isoformat(),
            "members": dict(line.members),
            **({"taxed": asdict(line.taxed)} if line.taxed else {}),
            **({} if line.discountable else {"discountable": False}),
        }

    @property
    def id(self) -> str:
        """Stripe's id; only of a line that is there."""
        return str(self.line_id)


@dataclass(frozen=True, slots=True)
class ChangeLines(AnsweredByDraft):
    """A bulk call; what it did is read back from the lines that carry our metadata."""

    invoice_id: str
    lines: Sequence[SentLine]

    @property
    def about(self) -> str:
        return self.invoice_id

    @classmethod
    def read(cls, body: Body) -> Self:
        return cls(body["invoice_id"], [SentLine.read(line) for line in body["lines"]])

    def body(self) -> dict[str, Any]:
        return {"invoice_id": self.invoice_id, "lines": [line.body() for line in self.lines]}

    def keep(self, invoice: Invoice) -> None:
        agree_on_lines(invoice, [line.body() for line in self.lines])

    def read_back(self, work: DraftWork) -> None:
        lines = work.gateway.lines(self.invoice_id)
        found = work.gateway.invoice(self.invoice_id)
        extend(work.lease, now=work.clock())
        work.remote = recognize(work.invoice.id, lines)
        agreed = synced_lines(work.invoice.id)
        known = compare((), [known_of(one) for one in agreed], work.remote).known
        members = {one.key: one.members for one in agreed}
        members |= {line.content.key: dict(line.content.members) for line in self.lines}
        replace_lines(work.invoice, known, members)
        # A copy that came twice is no agreed line; the comparison that follows removes it.
        work.differs = work.differs or len(known) > len({one.content.key for one in known})
        # One that is no longer a draft is a reconciliation, not a report: the next call meets it.
        if found.status == "draft":
            record_invoice(work, found)


@dataclass(frozen=True, slots=True)
class AddLines(ChangeLines):
    """Add lines. Never sent a second time on a guess: they would be there twice."""

    operation = "add_lines"

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        lines = [line.content for line in self.lines]
        return gateway.add_lines(self.invoice_id, lines, run=sending.run, key=sending.key)


@dataclass(frozen=True, slots=True)
class UpdateLines(ChangeLines):
    """Bring lines that are there to what they should be."""

    operation = "update_lines"

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        lines = [(line.id, line.content) for line in self.lines]
        return gateway.update_lines(self.invoice_id, lines, run=sending.run, key=sending.key)


@dataclass(frozen=True, slots=True)
class RemoveLines(ChangeLines):
    """Take lines off the draft."""

    operation = "remove_lines"

    def send(self, gateway: Gateway, sending: Sending) -> Reply:
        ids = [line.id for line in self.lines]
        return gateway.remove_lines(self.invoice_id, ids, run=sending.run, key=sending.key)

    def keep(self, invoice: Invoice) -> None:
        forget_lines(invoice, [(line.content.key, line.id) for line in self.lines])
