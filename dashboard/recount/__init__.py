"""What every bill should be, worked out anew from the facts alone, beside what the ledger has.

Nothing that is kept up incrementally is believed: no daily total, no item, no price version that a
record was given when it was accepted. Only rating itself is the ledger's own, because it is pure.
"""
