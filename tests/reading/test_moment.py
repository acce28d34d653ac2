"""A bill as it was at a moment: whatever happened since, it is shown as it was read then."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.extensions import db as database
from dashboard.reading.moment import bill_then
from tests.support.credit_world import CreditWorld
from tests.support.ledger_world import ANCHOR, new_world, play, stories, unhurried, versions
from tests.support.void_world import facts

pytestmark = pytest.mark.timeout(900)
# By item: what it was called, how much of it there was, and its cents.
Lines = dict[int, tuple[str, Decimal, int]]


@dataclass
class Watched(CreditWorld):
    """A world of which is written down after each act what every bill was then."""

    seen: list[tuple[datetime, int, str, Lines]] = field(default_factory=list)

    def write_down(self):
        """Keep what each bill is now."""
        database.session.expire_all()
        query = select(Invoice).where(Invoice.organization_id == self.organization.id)
        for invoice in database.session.scalars(query):
            lines = {
                item.id: (item.description, item.quantity, item.billed_cents)
                for item in invoice.items
            }
            self.seen.append((self.now, invoice.id, invoice.status, lines))


@settings(unhurried, phases=[Phase.explicit, Phase.generate])
@given(stories(*facts), versions)
def test_whatever_follows_a_bill_is_shown_as_it_was(db, story, versions):
    db.session.rollback()
    base = new_world(versions)
    world = Watched(base.organization, base.fee, base.metered, versions)
    world.attach(15 * 86_400, 3)
    db.session.commit()
    for step in story:
        play(world, [step])
        world.write_down()
    for at, invoice_id, status, lines in world.seen:
        invoice = db.session.get_one(Invoice, invoice_id)
        then = bill_then(invoice, at, since=ANCHOR, now=world.now)
        assert {line.item_id for line in then.lines} == lines.keys()
        for line in then.lines:
            if line.uncounted_cents is None:
                assert (line.description, line.quantity, line.cents) == lines[line.item_id]
        assert then.status == status
