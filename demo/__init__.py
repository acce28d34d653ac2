"""The demo: organizations to look at, made through the product's own API as a customer's would be.

`python -m demo` makes what is missing and changes nothing that is there.
"""
