"""E-mail addresses, as they are typed."""

from email_validator import EmailNotValidError, validate_email

from dashboard.errors import Invalid


def email_address(text: str | None, *, field: str = "email") -> str:
    """Return the address in its normal form; raises `Invalid`, naming `field`, for what is none."""
    try:
        return validate_email(text or "", check_deliverability=False).normalized
    except EmailNotValidError:
        raise Invalid(
            "That is no e-mail address. Nothing was changed. Enter one, such as billing@acme.com.",
            field=field,
        ) from None
