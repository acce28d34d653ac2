"""The currencies that Stripe takes, and in which steps it can charge each of them."""

# docs.stripe.com/currencies, "supported presentment currencies" of an account in Europe; and the
# five with thousandths, which accounts in the Emirates have. What one account takes is told by
# GET /v1/country_specs; another currency is refused when the first draft in it is made.
_LISTED = """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd bob brl bsd bwp byn bzd cad
    cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd
    hkd hnl htg huf idr ils inr isk jmd jpy kes kgs khr kmf krw kyd kzt lak lbp lkr lrd lsl mad mdl
    mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln pyg
    qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah
    ugx usd uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw
"""
THREE_DECIMAL = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
TAKEN = frozenset(_LISTED.split()) | THREE_DECIMAL
# Stripe sends these with no minor unit: the amount is in whole currency units.
ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905 a list of 15 codes reads worse
)
# Written with two decimals for Stripe, but nothing less than a whole one can be charged.
WHOLE_ONLY = frozenset(("isk", "ugx"))


def minor_digits(currency: str) -> int:
    """Return how many digits the minor unit of `currency` (ISO code, lower case) has: 0, 2 or 3."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def charge_step(currency: str) -> int:
    """Return the minor units that every amount charged in `currency` is a multiple of."""
    if currency in WHOLE_ONLY:
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def shown_digits(currency: str) -> int:
    """Return how many decimals an amount that can be charged is written with."""
    return 0 if currency in WHOLE_ONLY else minor_digits(currency)
