"""The forty changes of the code that would cost most: each must fail a test, all within minutes.

`make mutants NAME=important` makes them one by one. `old` stands exactly once in its file, else the
list is out of date, which tests/bin/test_important.py says at once.
"""

from typing import NamedTuple


class Important(NamedTuple):
    """A change: in which file, from what to what, and the tests of which one must fail."""

    means: str
    file: str
    old: str
    new: str
    tests: str

    @property
    def paths(self) -> list[str]:
        """The files of those tests, which are named below `tests` and without what they end in."""
        return [f"tests/{name}.py" for name in self.tests.split()]


_TABLE = (
    ("Half a cent is rounded down", "dashboard/money.py",
     "2 * rest >= of", "2 * rest > of", "pricing/test_rating"),
    ("A krona is charged in hundredths", "dashboard/currencies.py",
     "        return 100\n", "        return 1\n", "pricing/test_rating billing/test_chargeable"),
    ("Yen have two decimals", "dashboard/currencies.py",
     "        return 0\n    return 3", "        return 2\n    return 3",
     "pricing/test_exact test_currencies"),
    ("The allowance is not taken off", "dashboard/pricing/charge.py",
     "max(subtract(count, allowance), NOTHING) if allowance", "max(count, NOTHING) if allowance",
     "pricing/test_rating"),
    ("The allowance is given to each version anew", "dashboard/pricing/charge.py",
     "for count in (place.before,", "for count in (NOTHING,", "pricing/test_versions_in_a_cycle"),
    ("A started package is not charged", "dashboard/pricing/price_models/package.py",
     "return -(-units * of_size // (of * size))", "return units * of_size // (of * size)",
     "pricing/test_rating"),
    ("A unit on the edge lies in the tier above", "dashboard/pricing/price_models/volume.py",
     "reach.whole <= tier.up_to", "reach.whole < tier.up_to", "pricing/test_rating"),
    ("A tier's flat amount is asked twice", "dashboard/pricing/price_models/graduated.py",
     "flat = NOTHING if is_begun else", "flat =", "pricing/test_versions_in_a_cycle"),
    ("A flat amount is asked by every version", "dashboard/pricing/price_models/flat.py",
     "if not reach.is_asked:", "if True:", "pricing/test_versions_in_a_cycle"),
    ("A fee is not shared out by time", "dashboard/pricing/rating.py",
     "charged.amount * share)", "charged.amount)", "pricing/test_rating"),
    ("Each segment of a fee is rounded", "dashboard/pricing/rating.py",
     "sum((amount for _, _, amount in parts), Fraction(0))",
     "sum((Fraction(round_charge(amount, terms.currency)) for _, _, amount in parts), Fraction(0))",
     "pricing/test_rating"),
    ("A line holds any amount", "dashboard/pricing/rating.py",
     "if abs(cents) > MAX_CENTS:", "if False:", "pricing/test_rating"),
    ("A period holds its end", "dashboard/billing/period.py",
     "return self.start <= instant < self.end", "return self.start <= instant <= self.end",
     "billing/test_period"),
    ("A month is counted from the last boundary's day", "dashboard/billing/period.py",
     "shown = begun.replace(tzinfo=None, fold=0) + self._step(k)",
     "shown = begun.replace(tzinfo=None, fold=0, day=min(begun.day, 28)) + self._step(k)",
     "billing/test_period"),
    ("A fee goes on after its end", "dashboard/services/segments.py",
     "min(end, detached_at)", "max(end, detached_at)", "services/test_services"),
    ("A void invoice counts as billed", "dashboard/billing/chain.py",
     'return 0 if self.invoice.status == "void" else', "return", "billing/test_void"),
    ("What earlier invoices billed is billed again", "dashboard/billing/chain.py",
     "round_charge(rated.amount_cents - before.cents,", "round_charge(rated.amount_cents,",
     "billing/test_order_of_facts usage/test_fold"),
    ("A change is put before an invoice that is cut", "dashboard/billing/chain.py",
     "return ordered[frozen[-1] + 1 :] if frozen else ordered", "return ordered",
     "billing/test_order_of_facts usage/test_fold"),
    ("A period closes before its end", "dashboard/billing/close.py",
     "if now < invoice.period_end:\n            raise", "if False:\n            raise",
     "billing/test_roll"),
    ("Late usage gets no grace", "dashboard/billing/close.py",
     "(invoice.seal_after_at or now) <= now", "True", "billing/test_roll"),
    ("A sealed invoice lacks what was accepted", "dashboard/billing/close.py",
     "        count_waiting(locked, now=now)", "        pass", "usage/test_fold billing/test_roll"),
    ("A remainder is carried over twice", "dashboard/billing/carry.py",
     "if item.id not in already:", "if True:", "billing/test_carry"),
    ("What Stripe billed is carried over too", "dashboard/billing/carry.py",
     "item: item.amount_cents - billed.get(item.key, 0)\n", "item: item.amount_cents\n",
     "billing/test_carry"),
    ("A credit is made twice by one key", "dashboard/billing/adjust.py",
     "if existing is not None:", "if False:", "billing/test_adjust"),
    ("A frozen invoice takes a charge", "dashboard/billing/adjust.py",
     "if not invoice.is_changeable:", "if False:", "billing/test_adjust"),
    ("A second click rolls another cycle", "dashboard/billing/roll.py",
     "if invoice_id not in (None, invoice.id):", "if False:", "billing/test_roll"),
    ("A change does not raise the revision", "dashboard/billing/revision.py",
     "return invoice.revision + 1", "return invoice.revision",
     "billing/test_adjust sync/test_sync"),
    ("A line that is right is sent again", "dashboard/sync/plan.py",
     "one.content != line or not one.marked", "True", "sync/test_plan"),
    ("A second copy of a line stays", "dashboard/sync/plan.py",
     "            surplus.append(one)", "            pass", "sync/test_plan"),
    ("What nobody wants any more stays", "dashboard/sync/plan.py",
     "if key not in wanted]", "if False]", "sync/test_plan"),
    ("A preview that is stale is applied", "dashboard/sync/on_record.py",
     "if run.expected_plan_hash not in (None, plan.hash):", "if False:", "sync/test_sync"),
    ("A verification ends without a clean reading", "dashboard/sync/converge.py",
     "if aim.verify and (unproven or not plan.is_empty):", "if False:",
     "sync/test_verify"),
    ("A line added at Stripe is billed", "dashboard/sync/finalize.py",
     "    if found.added:\n", "    if False:\n", "sync/test_finalize sync/test_decide"),
    ("A wrong total leaves", "dashboard/sync/finalize.py",
     "if not invoice.total_cents == invoice.stripe_total_cents == found.agreed_cents:", "if False:",
     "sync/test_finalize sync/test_guards"),
    ("A key that Stripe forgot is sent again", "dashboard/sync/recover.py",
     "is_useless = age >= KEY_LIFE or", "is_useless =", "sync/test_faults"),
    ("A worker that was overtaken writes on", "dashboard/sync/lease.py",
     "(SyncLease.invoice_id == _INVOICE) & (SyncLease.fence == _FENCE)",
     "SyncLease.invoice_id == _INVOICE", "sync/test_fencing"),
    ("A roll-up loses a line", "dashboard/sync/rollup.py",
     "[: excess + 1]", "[:excess]", "sync/test_rollup"),
    ("Older news undoes newer", "dashboard/billing/outcome.py",
     'return "unsure" if newer else "older"', 'return "told"', "billing/test_outcome"),
    ("A delivery of long ago is taken", "dashboard/gateway/signature.py",
     "if abs(now - int(stamp)) > TOLERANCE_SECONDS:", "if False:", "webhooks/test_receive"),
    ("A job is queued though its rows were undone", "dashboard/transaction.py",
     "    db.session.rollback()\n    db.session.info.pop(_PENDING, None)",
     "    db.session.rollback()", "test_transaction"),
)  # fmt: skip
IMPORTANT = tuple(Important(*row) for row in _TABLE)
