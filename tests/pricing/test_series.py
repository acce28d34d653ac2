"""Which few of many have a color."""

from dashboard.pricing.series import largest


def test_the_five_largest_keep_the_order_of_the_catalogue():
    cents = {"servers": 5, "support": 1, "compute": 60, "storage": 20, "mail": 0, "logs": 300}
    assert largest(cents) == ["servers", "support", "compute", "storage", "logs"]


def test_of_those_that_are_alike_the_first_of_the_catalogue_lead():
    assert largest(dict.fromkeys("abcdefg", 0)) == list("abcde")


def test_a_large_credit_is_as_large_as_a_charge():
    assert "f" in largest(dict.fromkeys("abcde", 1) | {"f": -9})
