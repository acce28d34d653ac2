"""What refunds are for, in words that either side may read."""

FOR_WHAT = {
    "duplicate": "Payment made twice",
    "overpaid": "More was paid than was owed",
    "goodwill": "Goodwill",
}
# Within a sentence.
FOR_WHAT_WITHIN = {name: said.lower() for name, said in FOR_WHAT.items()}
