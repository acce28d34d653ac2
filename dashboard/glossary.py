"""The product's words, one plain sentence each: what /glossary shows and docs/glossary.md says."""

from typing import NamedTuple


class Term(NamedTuple):
    """A word as pages, messages and documents use it."""

    name: str
    meaning: str

    @property
    def anchor(self) -> str:
        """The place of the term on its page."""
        return self.name.lower().replace(" ", "-")


# Alphabetical; `name` is spelled as pages spell it.
GLOSSARY = (
    Term("Added at Stripe", "A line on Stripe's draft that the ledger did not send."),
    Term("Adjustment", "A one-off charge or credit with a reason, on the current invoice."),
    Term("Admin", "A person who can do everything support does, and manages people and tokens."),
    Term("Allowance", "The units of a price that are free in each cycle."),
    Term("API budget", "The calls to Stripe made so far, beside the number we may make."),
    Term("Audit entry", "One line of the audit trail."),
    Term("Audit trail", "The record of who did what, when and why; its entries never change."),
    Term("Back-fill", "The hourly check for events at Stripe whose webhook never arrived."),
    Term("Balance at Stripe", "A credit or debt that Stripe keeps for the next invoice."),
    Term("Billing cycle", "A week, month, quarter or year of an organization, up to its end."),
    Term("Budget", "An amount for each cycle that sends alerts and never stops usage."),
    Term("Bulk action", "One action on many organizations or events, with its progress."),
    Term("Carried over", "An amount that an invoice was issued without and a later one bills."),
    Term("Catalog", "All prices, each with its versions."),
    Term("Checking", "The items can no longer change, and each is compared with Stripe's line."),
    Term("Closing", "The cycle has ended, and late usage still counts until the grace ends."),
    Term("Credit note", "A document that takes money off an invoice after it was issued."),
    Term("Credited", "Credit notes cover all of the invoice, and nothing is owed."),
    Term("Current invoice", "The draft for the period that includes now."),
    Term("Customer", "A person who sees the bills of the organizations they belong to."),
    Term("Dead", "A webhook event that failed too often and waits until a person replays it."),
    Term("Declined", "The bank refused the payment of an issued invoice."),
    Term("Differs", "Stripe's draft holds a line we did not send, and a person must decide."),
    Term("Dispute", "A payment that the customer's bank asks back."),
    Term("Disputed", "A bank asks the payment of an invoice back and has not decided."),
    Term("Echo", "A webhook event that one of our own calls caused."),
    Term("Equal", "The ledger's and Stripe's totals were the same at the time shown."),
    Term("Event endpoint", "The address of a system that is told what happens here."),
    Term("Failing", "The last sync failed, and it is tried again automatically."),
    Term("Final sync", "The last sync before an invoice is issued, which compares every line."),
    Term("Finalize", "To make a draft a numbered bill at Stripe that no longer changes."),
    Term("Forecast", "The range that a cycle will likely come to, before tax."),
    Term("Grace", "The time after a cycle ends in which late usage still joins its invoice."),
    Term("Habit", "The cost of the same weekdays in the four weeks before, at average prices."),
    Term("In progress", "The invoice of a cycle that has not ended."),
    Term("Invoice", "The bill for one cycle, or for part of a cycle that was rolled."),
    Term("Invoice item", "One line of an invoice, such as a fee or the usage of a price."),
    Term("Issued", "The invoice is finalized and not yet paid."),
    Term("Late usage", "Usage that arrives after its invoice closed; the current one bills it."),
    Term("Ledger", "Our own record of what each organization owes; every page reads it."),
    Term("Meter", "The name of what is counted, such as API calls."),
    Term("Needs a person", "The list of work that only a person can finish, most money first."),
    Term("Next bill", "A credit that no line of this bill has room for, so it goes to the next."),
    Term("Next sync", "The ledger has changes that the next sync sends to Stripe."),
    Term("Not synced yet", "Stripe has no draft of this invoice yet."),
    Term("Nothing to pay", "The invoice billed nothing, so it was not issued."),
    Term("On hold", "The invoice is not issued until a person decides."),
    Term("Organization", "One customer of the company, with one customer at Stripe."),
    Term("Outgoing event", "Something that happened here, as other systems are told it."),
    Term("Paid", "Nothing is left to pay on the invoice."),
    Term("Partly paid", "Part of the invoice is paid, and the rest is due."),
    Term("Past due", "The due date has passed and the invoice is not paid."),
    Term("Price", "A recurring fee or a rate for usage, with one or more versions."),
    Term("Price version", "The terms of a price from a time on; a version never changes."),
    Term("Priority", "Which calls to Stripe go first: those for people and closing cycles."),
    Term("Product", "The name that bills and charts list a price under."),
    Term(
        "Proposal", "A large move of money that changes nothing until a second person approves it."
    ),
    Term("Proration", "Billing a fee for the part of a cycle in which a service was attached."),
    Term("Rating", "Working out an amount from a price and a quantity."),
    Term("Refund", "Money returned to the payment method; the invoice's total stays."),
    Term("Refunded", "All that was paid on the invoice went back."),
    Term("Reissue", "To take an issued invoice back at Stripe and bill what is owed of it again."),
    Term("Replay", "To process a webhook event again; nothing is done twice."),
    Term("Returned by the bank", "A dispute was lost, and the bank took the payment back."),
    Term(
        "Reversal",
        "An equal opposite entry that undoes a charge or credit before its invoice is sealed.",
    ),
    Term("Revision", "An invoice that was edited at Stripe and replaces the one before."),
    Term("Roll", "To end a cycle's invoice early; the rest of the cycle is the next invoice."),
    Term("Roll-up", "One line at Stripe for several small items of a very long invoice."),
    Term("Sending", "A sync is in progress."),
    Term("Service", "A price attached to an organization from one time to another."),
    Term(
        "Service standing",
        "Good, warned or suspended, by how long money is past due.",
    ),
    Term("Stripe simulator", "Stands in for Stripe on one machine; no real money moves."),
    Term("Sub-system", "A program of the company that reports usage and attaches services."),
    Term("Support", "A person who syncs, rolls and corrects the bills of all organizations."),
    Term("Sync", "Makes Stripe's draft equal to the ledger by sending only what changed."),
    Term("Sync run", "The record of one sync."),
    Term("Sync step", "The record of one call to Stripe, made before the call is sent."),
    Term("Test mode", "The product uses test keys or the Stripe simulator; no money moves."),
    Term("Tier", "A range of units with a price of its own."),
    Term("To confirm", "The bank waits until the customer confirms the payment."),
    Term("Uncollectible", "Payment of an issued invoice is no longer expected."),
    Term("Unpaid again", "A payment was taken back, and the invoice is to be paid again."),
    Term("Unreadable", "A delivery signed by Stripe that could not be read as an event."),
    Term("Unusual", "A day of a product costs at least twice its habit."),
    Term("Usage record", "A quantity of a meter at one time, which counts once."),
    Term("User", "A person who signs in, as customer, support or admin."),
    Term("Verify", "A sync that compares every line with Stripe's."),
    Term("Void", "The invoice is canceled, and nothing is owed on it."),
    Term("Webhook event", "A message from Stripe that something changed there."),
    Term("With subscription", "The invoice waits for that of a subscription, to go onto it."),
    Term("Written off", "A person decided that the amount of a void invoice is never billed."),
)
