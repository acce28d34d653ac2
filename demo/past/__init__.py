"""The months before today: organizations billed in the past, each cycle at its own time.

The product's verbs take the time as an argument and the simulator's clock can be moved, so months
of bills are made as they would have been, in a few seconds. At Stripe itself no clock can be moved:
there the demo begins today.
"""
