"""Every assumption the product makes about Stripe, each a check that runs against any address.

The simulator passes in our tests; whoever has a test key settles what no source says:
`flask stripe conformance`. Written over plain HTTP, so that it tests Stripe and not a library.
"""
