"""E-mail addresses, as they are typed."""

from email_validator import EmailNotValidError, validate_email

from dashboard.errors import Invalid

# Of a person: under it everything that they do is put on record.
LONGEST = 200


def email_address(text: str | None, *, field: str = "email") -> str:
    """Return the address in its normal form; raises `Invalid`, naming `field`, for other text."""
    try:
        return validate_email(text or "", check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(
            "That is not an e-mail address. Nothing was changed. Enter one, such as "
            "billing@acme.com.",
            field=field,
        ) from None


def address_of_person(text: str) -> str:
    """Return the address by which somebody can be known; raises `Invalid`."""
    address = known_as(email_address(text.strip()))
    if len(address) > LONGEST:
        raise Invalid(
            f"A person's e-mail address has at most {LONGEST} characters. Nothing was changed. "
            "Enter a shorter one.",
            field="email",
        )
    return address


def as_sent(address: str) -> str:
    """Return an address with its domain in ASCII, as every mail server can take it."""
    try:
        return validate_email(address, check_deliverability=False).ascii_email or address
    except EmailNotValidError:
        return address


def known_as(text: str) -> str:
    """Return an address in the one form by which people are known; other text as it was typed.

    An address can be typed in many ways: in capitals, letters put together of two, a domain in
    Punycode or in full width. All of them are one mailbox, and so one person and one guesser's aim.
    """
    try:
        return email_address(text.strip()).lower()
    except Invalid:
        return text.strip().lower()
