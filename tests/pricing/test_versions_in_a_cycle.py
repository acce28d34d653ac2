"""One count across versions: mixes of models and terms, and the words that explain them."""

from dataclasses import replace
from decimal import Decimal

from dashboard.pricing.rating import rate_cycle
from dashboard.pricing.terms import Terms, Tier

FLAT = Terms("flat", Decimal(2000), "usd", "request")
PER_UNIT = Terms("per_unit", Decimal(10), "usd", "request")


def cents(*used):
    return [rated.amount_cents for rated in rate_cycle([(one, Decimal(n)) for one, n in used])]


def test_versions_need_not_be_of_one_model():
    # What came before at 10 cents each is no part of the flat amount, and the other way round.
    assert cents((PER_UNIT, 600), (FLAT, 600)) == [6000, 2000]
    assert cents((FLAT, 600), (PER_UNIT, 600)) == [2000, 6000]
    assert cents((FLAT, 1), (PER_UNIT, 5), (FLAT, 1)) == [2000, 50, 0]


def test_a_flat_amount_is_asked_by_the_first_version_with_units_to_charge():
    included = replace(FLAT, allowance=Decimal(100))
    assert cents((included, 50), (FLAT, 10)) == [0, 2000]
    assert cents((FLAT, 50), (included, 100)) == [2000, 0]
    assert cents((included, 50), (included, 50), (included, 1)) == [0, 0, 2000]


def test_the_flat_amount_of_a_tier_is_asked_by_the_version_that_enters_it():
    tiers = (Tier(Decimal(1000), Decimal(9), Decimal(500)), Tier(None, Decimal(5), Decimal(70)))
    graduated = Terms("graduated", Decimal(0), "usd", "request", tiers=tiers)
    assert cents((graduated, 600), (graduated, 600)) == [500 + 5400, 3600 + 70 + 1000]
    assert cents((graduated, 600), (graduated, 400)) == [500 + 5400, 3600]
    assert cents((graduated, 1000), (graduated, 1)) == [500 + 9000, 70 + 5]


def test_an_allowance_that_changes_covers_units_by_their_place_in_the_count():
    included = replace(PER_UNIT, allowance=Decimal(1000))
    assert cents((PER_UNIT, 600), (included, 600)) == [6000, 2000]
    assert cents((included, 600), (PER_UNIT, 600)) == [0, 6000]


def test_packages_that_change_their_size_are_counted_in_the_later_size():
    large = Terms("package", Decimal(300), "usd", package_size=Decimal(100))
    small = Terms("package", Decimal(200), "usd", package_size=Decimal(40))
    assert cents((large, 50), (small, 50)) == [300, 200]  # unit 81 begins the third of 40
    assert cents((small, 50), (large, 50)) == [400, 0]  # the first hundred was begun
    assert cents((small, 50), (large, 51)) == [400, 300]


def words(*used):
    return rate_cycle([(one, Decimal(n)) for one, n in used])[-1].trace["words"]


def test_words_tell_what_is_left_of_the_allowance():
    included = replace(PER_UNIT, allowance=Decimal(1000))
    assert words((included, 600), (included, 600)) == [
        (
            "600 requests used, after 600 under earlier versions of the price, "
            "400 of 1,000 included were left, 200 charged."
        ),
        "200 requests at $0.10 each: $20.00.",
        (
            "On these terms all 1,200 requests so far cost $20.00, the 600 before $0.00: "
            "the difference is charged."
        ),
    ]


def test_words_tell_which_tiers_are_left():
    tiers = (
        Tier(Decimal(500), Decimal(20)), Tier(Decimal(1000), Decimal(10)), Tier(None, Decimal(1)),
    )  # fmt: skip
    graduated = Terms("graduated", Decimal(0), "usd", "request", tiers=tiers)
    assert words((graduated, 600), (graduated, 600)) == [
        "600 requests used, after 600 under earlier versions of the price.",
        "The tier up to 500 was used up earlier.",
        "400 requests at $0.10 each, rest of the tier up to 1,000: $40.00.",
        "200 requests at $0.01 each, last tier: $2.00.",
        (
            "On these terms all 1,200 requests so far cost $152.00, the 600 before $110.00: "
            "the difference is charged."
        ),
        "Together $42.00.",
    ]


def test_words_tell_what_fits_into_a_package_begun_before():
    package = Terms("package", Decimal(300), "usd", "request", package_size=Decimal(100))
    assert words((package, 50), (package, 70)) == [
        "70 requests used, after 50 under earlier versions of the price.",
        "50 of them fit into the package started under an earlier version.",
        "1 package of 100 requests at $3.00 each: $3.00.",
        (
            "On these terms all 120 requests so far cost $6.00, the 50 before $3.00: "
            "the difference is charged."
        ),
    ]


def test_words_tell_that_a_flat_amount_was_asked_before():
    assert words((FLAT, 1), (FLAT, 1)) == [
        "1 request used, after 1 under earlier versions of the price.",
        "The flat amount of the cycle was billed under an earlier version.",
    ]


def test_words_tell_which_count_decides_the_tier():
    tiers = (Tier(Decimal(1000), Decimal(10)), Tier(None, Decimal(5), Decimal(100)))
    volume = Terms("volume", Decimal(0), "usd", "request", tiers=tiers)
    used = [(volume, Decimal(600)), (volume, Decimal(600))]
    assert [rated.trace["words"] for rated in rate_cycle(used)] == [
        [
            "600 requests used.",
            "All 1,200 requests of the cycle decide the tier.",
            "600 requests at $0.05 each, last tier, plus $1.00: $31.00.",
        ],
        [
            "600 requests used, after 600 under earlier versions of the price.",
            "All 1,200 requests of the cycle decide the tier.",
            "The flat amount of the cycle was billed under an earlier version.",
            "600 requests at $0.05 each, last tier: $30.00.",
            (
                "On these terms all 1,200 requests so far cost $61.00, the 600 before $31.00: "
                "the difference is charged."
            ),
        ],
    ]


def test_words_tell_that_nothing_of_the_allowance_is_left():
    included = replace(PER_UNIT, allowance=Decimal(100))
    assert words((included, 100), (included, 1))[0] == (
        "1 request used, after 100 under earlier versions of the price, "
        "none of 100 included were left, 1 charged."
    )
